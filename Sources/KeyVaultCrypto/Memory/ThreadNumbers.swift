import Synchronization

/// Small numbers that no two living threads have at the same time, so that each can write to a place of its own without an
/// atomic operation. A thread has one from its first use of guarded memory on, if any is left.
package struct ThreadNumbers: ~Copyable {
    /// Numbers are below this. Zero stands for no number.
    package static let limit = 64

    static let shared = ThreadNumbers()

    /// Bit n is set while nobody has n.
    private let free = Atomic<UInt64>(.max - 1)

    /// The current thread's; zero when it has none.
    package static var current: Int {
        // The current thread's own.
        unsafe ThreadSlots.current?.pointee.number ?? 0
    }

    /// A number that is free, now taken; zero when none is left.
    func take() -> Int {
        var mask = free.load(ordering: .relaxed)
        while mask != 0 {
            let (exchanged, seen) = free.weakCompareExchange(
                expected: mask, desired: mask & (mask - 1), successOrdering: .acquiring, failureOrdering: .relaxed)
            if exchanged { return mask.trailingZeroBitCount }
            mask = seen
        }
        return 0
    }

    /// Gives a number back, and with it what its thread has written.
    func put(_ number: Int) {
        if number > 0 { free.bitwiseOr(1 << UInt64(number), ordering: .releasing) }
    }
}
