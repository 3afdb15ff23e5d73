import Synchronization

/// A mutex that the thread sanitizer can follow.
///
/// `Mutex` locks inside of the Swift runtime, which is not instrumented: to the sanitizer its critical sections look
/// unordered, and everything they guard like a race. The release and the acquisition here say what is true already; on
/// x86-64 they are an ordinary store and an ordinary load.
struct TracedMutex<Value: ~Copyable & Sendable>: ~Copyable, Sendable {
    // Before the mutex, so that it shares the cache line with that and with the value's beginning.
    private let baton = Atomic<Bool>(false)
    private let mutex: Mutex<Value>

    init(_ value: consuming Value) { mutex = Mutex(value) }

    @inline(__always)
    borrowing func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try mutex.withLock { value throws(Failure) in
            _ = baton.load(ordering: .acquiring)
            defer { baton.store(true, ordering: .releasing) }
            return try body(&value)
        }
    }
}
