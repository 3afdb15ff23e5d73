import KeyVaultCrypto
import Synchronization

/// How many reads the cache answered without a lock. Each thread counts on cache lines of its own: what processors share, they
/// wait for.
@safe struct HitCounters: ~Copyable, @unchecked Sendable {
    private typealias Counter = Atomic<UInt64>

    /// Two cache lines, since processors fetch them in pairs.
    private static let stride = 128

    private let base: UnsafeMutableRawPointer

    init() {
        unsafe base = .allocate(byteCount: ThreadNumbers.limit * Self.stride, alignment: Self.stride)
        for number in 0..<ThreadNumbers.limit {
            // Fresh memory, with room for both.
            unsafe counter(number, isAbsent: false).initialize(to: Counter(0))
            unsafe counter(number, isAbsent: true).initialize(to: Counter(0))
        }
    }

    deinit { unsafe base.deallocate() }

    /// Counts one hit.
    @inline(__always)
    func count(isAbsent: Bool, thread number: Int = ThreadNumbers.current) {
        let counter = unsafe counter(number, isAbsent: isAbsent)
        if number == 0 {
            unsafe counter.pointee.add(1, ordering: .relaxed)
        } else {
            // Nobody else writes here.
            unsafe counter.pointee.store(counter.pointee.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
        }
    }

    /// All that were counted.
    func sum(isAbsent: Bool) -> UInt64 {
        (0..<ThreadNumbers.limit).reduce(0) {
            unsafe $0 + counter($1, isAbsent: isAbsent).pointee.load(ordering: .relaxed)
        }
    }

    @inline(__always)
    private func counter(_ number: Int, isAbsent: Bool) -> UnsafeMutablePointer<Counter> {
        // Numbers are below the limit.
        unsafe (base + number * Self.stride).assumingMemoryBound(to: Counter.self) + (isAbsent ? 1 : 0)
    }
}
