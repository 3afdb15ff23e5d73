import Synchronization

/// All chunks of one slot size. Taking and returning a slot makes no system call and takes no lock; only growing
/// does.
@safe final class SlotPool: Sendable {
    let slotSize: Int
    private let slotsPerChunk: Int
    /// Room for the addresses of all chunks there can be; the first `count` are valid and never change.
    nonisolated(unsafe) private let chunks: UnsafeMutablePointer<UnsafeMutablePointer<SlotChunk>>
    private let count = Atomic<Int>(0)
    private let growing = Mutex(())

    private static let maximumChunks = 16_384

    init(slotSize: Int, slotsPerChunk: Int) {
        self.slotSize = slotSize
        self.slotsPerChunk = slotsPerChunk
        unsafe chunks = .allocate(capacity: Self.maximumChunks)
    }

    /// A free slot, now taken.
    func take() throws(CryptoError) -> Slot {
        let known = count.load(ordering: .acquiring)
        for index in 0..<known {
            // Every index below `known` was initialised before the count was published.
            let chunk = unsafe chunks[index]
            if let address = unsafe chunk.pointee.take() { return unsafe Slot(address: address, chunk: chunk) }
        }
        try grow(from: known)
        return try take()
    }

    /// Adds a chunk, unless somebody else has since `known` was read.
    private func grow(from known: Int) throws(CryptoError) {
        try growing.withLock { _ throws(CryptoError) in
            guard count.load(ordering: .relaxed) == known else { return }
            guard known < Self.maximumChunks else { throw .outOfMemory }
            let chunk = UnsafeMutablePointer<SlotChunk>.allocate(capacity: 1)
            // Fresh memory for one chunk, published below.
            unsafe chunk.initialize(to: try SlotChunk(slotSize: slotSize, count: slotsPerChunk))
            unsafe chunks[known] = chunk
            count.store(known + 1, ordering: .releasing)
        }
    }

    /// Bytes that the system keeps out of swap, and bytes that it does not.
    var lockedBytes: (locked: Int, unlocked: Int) {
        var (locked, unlocked) = (0, 0)
        for index in 0..<count.load(ordering: .acquiring) {
            // Below the published count.
            if unsafe chunks[index].pointee.isLocked {
                locked += slotSize * slotsPerChunk
            } else {
                unlocked += slotSize * slotsPerChunk
            }
        }
        return (locked, unlocked)
    }
}
