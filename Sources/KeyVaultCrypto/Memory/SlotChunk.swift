import Glibc
import Synchronization

/// One mapping of up to 64 slots of one size, between two pages that nobody may touch.
///
/// A chunk is never unmapped: a slot can outlive every vault, and addresses that stay valid need no reference count.
@safe struct SlotChunk: ~Copyable {
    /// The first slot. Page-aligned, so that each slot is aligned to its own size, a large one to a page.
    private let base: UnsafeMutableRawPointer
    private let slotSize: Int
    /// Bit n is set while slot n is free.
    private let free: Atomic<UInt64>
    /// Whether the system promised to keep the slots out of swap.
    let isLocked: Bool

    /// Maps `count` slots of `slotSize` bytes.
    init(slotSize: Int, count: Int) throws(CryptoError) {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let length = slotSize * count
        guard
            let mapping = unsafe mmap(nil, length + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            unsafe mapping != MAP_FAILED
        else { throw .outOfMemory }
        // The mapping is a page longer on either side.
        let base = unsafe mapping + page
        guard unsafe mprotect(base, length, PROT_READ | PROT_WRITE) == 0,
            unsafe madvise(base, length, MADV_DONTDUMP) == 0,
            unsafe madvise(base, length, MADV_WIPEONFORK) == 0
        else {
            unsafe munmap(mapping, length + 2 * page)
            throw .outOfMemory
        }
        unsafe self.base = base
        self.slotSize = slotSize
        isLocked = unsafe mlock(base, length) == 0
        free = Atomic(count == 64 ? .max : (1 << UInt64(count)) - 1)
    }

    /// The address of a free slot, now taken; `nil` when all are. The slot is all zeros.
    borrowing func take() -> UnsafeMutableRawPointer? {
        var mask = free.load(ordering: .relaxed)
        while mask != 0 {
            let (exchanged, seen) = free.weakCompareExchange(
                expected: mask, desired: mask & (mask - 1), successOrdering: .acquiring, failureOrdering: .relaxed)
            // The lowest bit that was set is below the number of slots.
            if exchanged { return unsafe base + mask.trailingZeroBitCount * slotSize }
            mask = seen
        }
        return nil
    }

    /// Frees a slot of this chunk, which was wiped.
    borrowing func put(_ slot: Slot) {
        // The address came from `take()`.
        let index = unsafe (slot.address - base) / slotSize
        free.bitwiseOr(1 << UInt64(index), ordering: .releasing)
    }
}
