import CKeyVaultSodium

/// The process's memory for keys and plaintext: between guard pages, locked where the system allows it, absent from core
/// dumps, zero in a forked child.
///
/// There is one for the process. `sodium_malloc` gives the same protection for 27 µs a piece; here most pieces come from the
/// few that each thread keeps. What could not be locked is used all the same, and counted: refusing would turn a low limit
/// into an outage.
package enum GuardedArena {
    /// The largest piece there is: a sealed record of the largest secret fits.
    package static let maximumLength = largest

    private static let smallest = 1024
    private static let largest = 73_728
    private static let small = SlotPool(slotSize: smallest, slotsPerChunk: 64)
    private static let medium = SlotPool(slotSize: 8192, slotsPerChunk: 16)
    private static let large = SlotPool(slotSize: largest, slotsPerChunk: 4)
    private static let sentinel = Result { () throws(CryptoError) in try ForkSentinel() }

    /// Fails in a process that was forked after the arena was made: its slots hold zeros where keys were.
    package static func checkProcess() throws(CryptoError) { try sentinel.get().check() }

    /// A slot of at least `count` bytes, all of them zero.
    static func take(_ count: Int) throws(CryptoError) -> Slot {
        guard count <= smallest, let mine = unsafe ThreadSlots.current else { return try takeShared(count) }
        // The current thread's own.
        try unsafe mine.pointee.sentinel.check()
        if let slot = unsafe mine.pointee.take() { return slot }
        return try takeShared(count)
    }

    /// Wipes the first `count` bytes, which are all that were written since the slot was taken for as many, and frees it.
    static func put(_ slot: Slot, count: Int) {
        // Whoever took the slot has at least `count` bytes.
        unsafe sodium_memzero(slot.address, count)
        if count <= smallest, let mine = unsafe ThreadSlots.current, unsafe mine.pointee.put(slot) { return }
        // The chunk that the slot came from.
        unsafe slot.chunk.pointee.put(slot)
    }

    @inline(never)
    private static func takeShared(_ count: Int) throws(CryptoError) -> Slot {
        let sentinel = try sentinel.get()
        try sentinel.check()
        if count <= smallest {
            ThreadSlots.makeCurrent(sentinel: sentinel)
            return try small.take()
        }
        if count <= medium.slotSize { return try medium.take() }
        guard count <= large.slotSize else { throw .outOfMemory }
        return try large.take()
    }

    /// How much of the arena the system keeps out of swap, in bytes.
    package static var statistics: (locked: Int, unlocked: Int) {
        [small, medium, large].map(\.lockedBytes).reduce((0, 0)) { ($0.0 + $1.locked, $0.1 + $1.unlocked) }
    }
}
