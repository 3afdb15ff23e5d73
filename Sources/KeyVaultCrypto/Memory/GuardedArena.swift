import Glibc

/// The process's memory for keys and plaintext: between guard pages, locked where the system allows it, absent from core
/// dumps, zero in a forked child.
///
/// There is one for the process. `sodium_malloc` gives the same protection for 27 µs a piece; here a slot costs two atomic
/// operations. What could not be locked is used all the same, and counted: refusing would turn a low limit into an outage.
package enum GuardedArena {
    /// The largest piece there is: a sealed record of the largest secret fits.
    package static let maximumLength = largest

    private static let largest = 73_728
    private static let small = SlotPool(slotSize: 1024, slotsPerChunk: 64)
    private static let medium = SlotPool(slotSize: 8192, slotsPerChunk: 16)
    private static let large = SlotPool(slotSize: largest, slotsPerChunk: 4)
    private static let sentinel = Result { () throws(CryptoError) in try ForkSentinel() }

    /// Fails in a process that was forked after the arena was made: its slots hold zeros where keys were.
    @inline(__always)
    package static func checkProcess() throws(CryptoError) { try sentinel.get().check() }

    static func take(
        _ count: Int
    ) throws(CryptoError) -> (slot: UnsafeMutableRawPointer, chunk: UnsafeMutablePointer<SlotChunk>) {
        try checkProcess()
        if count <= small.slotSize { return try unsafe small.take() }
        if count <= medium.slotSize { return try unsafe medium.take() }
        guard count <= large.slotSize else { throw .outOfMemory }
        return try unsafe large.take()
    }

    /// How much of the arena the system keeps out of swap, in bytes.
    package static var statistics: (locked: Int, unlocked: Int) {
        [small, medium, large].map(\.lockedBytes).reduce((0, 0)) { ($0.0 + $1.locked, $0.1 + $1.unlocked) }
    }
}

/// A word that is not zero, in memory that a fork sets to zero.
@safe private struct ForkSentinel: @unchecked Sendable {
    private let word: UnsafeMutablePointer<UInt64>

    init() throws(CryptoError) {
        try Sodium.start()
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        guard
            let mapping = unsafe mmap(nil, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            unsafe mapping != MAP_FAILED, unsafe madvise(mapping, page, MADV_WIPEONFORK) == 0
        else { throw .outOfMemory }
        // A fresh page, aligned for any type, that is never unmapped.
        unsafe word = mapping.bindMemory(to: UInt64.self, capacity: 1)
        unsafe word.pointee = 0x4B56_4C54_4B56_4C54
    }

    @inline(__always)
    func check() throws(CryptoError) {
        // Never unmapped; written once, before anyone could read it.
        guard unsafe word.pointee != 0 else { throw .usedAfterFork }
    }
}
