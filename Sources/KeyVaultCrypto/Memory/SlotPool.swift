import CSodium
import Glibc
import Synchronization

/// All chunks of one slot size. Taking and returning a slot makes no system call and takes no lock; only growing does.
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

    /// A zeroed slot and the chunk it belongs to.
    func take() throws(CryptoError) -> (slot: UnsafeMutableRawPointer, chunk: UnsafeMutablePointer<SlotChunk>) {
        while true {
            let known = count.load(ordering: .acquiring)
            if known > 0 {
                // Threads on different processors begin at different chunks, so that their masks do not share a cache line.
                let processor = Int(sched_getcpu())
                var index = processor >= 0 && processor < known ? processor : 0
                for _ in 0..<known {
                    // Every index below `known` was initialised before the count was published.
                    let chunk = unsafe chunks[index]
                    if let slot = unsafe chunk.pointee.take() { return unsafe (slot, chunk) }
                    index = index + 1 == known ? 0 : index + 1
                }
            }
            try grow(from: known)
        }
    }

    /// Adds a chunk, unless somebody else has since `known` was read. The first growth makes one for each processor.
    private func grow(from known: Int) throws(CryptoError) {
        try growing.withLock { _ throws(CryptoError) in
            guard count.load(ordering: .relaxed) == known else { return }
            let added = known == 0 ? min(max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1), 8) : 1
            for index in known..<(known + added) {
                guard index < Self.maximumChunks else { throw .outOfMemory }
                let chunk = UnsafeMutablePointer<SlotChunk>.allocate(capacity: 1)
                // Fresh memory for one chunk, published below.
                unsafe chunk.initialize(to: try SlotChunk(slotSize: slotSize, count: slotsPerChunk))
                unsafe chunks[index] = chunk
                count.store(index + 1, ordering: .releasing)
            }
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
