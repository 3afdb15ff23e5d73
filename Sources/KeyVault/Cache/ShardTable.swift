import KeyVaultStorage

/// The parts of a cache, each behind its own lock and on cache lines of its own, so that two processors seldom meet.
@safe struct ShardTable: ~Copyable, @unchecked Sendable {
    /// With 64, two threads that spend a fifth of their time in a lock meet in one read of 300.
    static let count = 64
    private static let stride = (MemoryLayout<TracedMutex<CacheShard>>.size + 127) / 128 * 128

    private let base: UnsafeMutableRawPointer

    init(cipher: CipherReference) {
        unsafe base = .allocate(byteCount: Self.count * Self.stride, alignment: 128)
        for index in 0..<Self.count {
            // Fresh memory, with room and alignment for each shard.
            unsafe shard(index).initialize(to: TracedMutex(CacheShard(cipher: cipher)))
        }
    }

    deinit {
        for index in 0..<Self.count {
            // Initialised above; nobody refers to the table any more.
            unsafe shard(index).deinitialize(count: 1)
        }
        unsafe base.deallocate()
    }

    /// Runs `body` with the shard that a hash belongs to, under its lock.
    @inline(__always)
    func withShard<Result: ~Copyable, Failure: Error>(
        of hash: UInt64, _ body: (inout CacheShard) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withShard(Int(hash >> 58), body)
    }

    /// Runs `body` with one of the ``count`` shards, under its lock.
    @inline(__always)
    func withShard<Result: ~Copyable, Failure: Error>(
        _ index: Int, _ body: (inout CacheShard) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // Initialised for as long as the table lives.
        try unsafe shard(index).pointee.withLock { shard throws(Failure) in try body(&shard) }
    }

    @inline(__always)
    private func shard(_ index: Int) -> UnsafeMutablePointer<TracedMutex<CacheShard>> {
        unsafe (base + (index & (Self.count - 1)) * Self.stride).assumingMemoryBound(to: TracedMutex<CacheShard>.self)
    }
}
