public import Synchronization

/// A mutex that the thread sanitizer can follow.
///
/// `Mutex` locks inside of the Swift runtime, which is not instrumented: to the sanitizer its critical sections look
/// unordered, and everything they guard like a race. The release and the acquisition here say what is true already; on
/// x86-64 they are an ordinary store and an ordinary load.
///
/// Inlinable, and `@usableFromInline` without which that is ignored: a cached read takes one, in another module than this.
@usableFromInline package struct TracedMutex<Value: ~Copyable>: ~Copyable, Sendable {
    // Before the mutex, so that it shares the cache line with that and with the value's beginning.
    @usableFromInline let baton = Atomic<Bool>(false)
    @usableFromInline let mutex: Mutex<Value>

    @inlinable
    package init(_ value: consuming sending Value) { mutex = Mutex(value) }

    @inlinable @inline(__always)
    package borrowing func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        try mutex.withLock { value throws(Failure) in
            _ = baton.load(ordering: .acquiring)
            defer { baton.store(true, ordering: .releasing) }
            return try body(&value)
        }
    }
}
