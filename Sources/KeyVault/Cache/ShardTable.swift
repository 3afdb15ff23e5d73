import KeyVaultStorage

/// The parts of a cache, each behind its own lock and on cache lines of its own, so that two processors seldom meet, and the
/// slab that their entries lie in.
@safe struct ShardTable: ~Copyable, @unchecked Sendable {
    static let count = 64
    /// Two lines for what is read without the lock, since processors fetch them in pairs; then the lock and what it guards.
    private static let faceLength = 128
    private static let stride = faceLength + (MemoryLayout<TracedMutex<CacheShard>>.size + 127) / 128 * 128

    private let base: UnsafeMutableRawPointer
    private let slabAddress: UnsafeMutablePointer<EntrySlab>

    init(cipher: CipherReference, slab: consuming EntrySlab) {
        unsafe slabAddress = .allocate(capacity: 1)
        // Fresh memory for one slab, and below with room and alignment for each shard.
        unsafe slabAddress.initialize(to: slab)
        unsafe base = .allocate(byteCount: Self.count * Self.stride, alignment: 128)
        for index in 0..<Self.count {
            unsafe face(index).initialize(to: CacheTable.Face(cipher: cipher))
            unsafe shard(index).initialize(to: TracedMutex(CacheShard(table(index))))
        }
    }

    deinit {
        for index in 0..<Self.count {
            withShard(index) { $0.invalidateAll() }
            // Initialised above; nobody refers to the table any more.
            unsafe shard(index).deinitialize(count: 1)
            unsafe face(index).deinitialize(count: 1)
        }
        unsafe base.deallocate()
        unsafe slabAddress.deinitialize(count: 1)
        unsafe slabAddress.deallocate()
    }

    /// Runs `body` with the slab.
    func withSlab<Result>(_ body: (borrowing EntrySlab) -> Result) -> Result { unsafe body(slabAddress.pointee) }

    /// What can be read without a lock in the shard that a hash belongs to.
    @inline(__always)
    func table(of hash: UInt64) -> CacheTable { table(Self.index(of: hash)) }

    /// Which shard a hash belongs to: its first six bits say.
    @inline(__always)
    static func index(of hash: UInt64) -> Int { Int(hash >> 58) }

    /// Runs `body` with the shard that a hash belongs to, under its lock.
    func withShard<Result: ~Copyable, Failure: Error>(
        of hash: UInt64, _ body: (inout CacheShard) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withShard(Self.index(of: hash), body)
    }

    /// Runs `body` with one of the ``count`` shards, under its lock.
    func withShard<Result: ~Copyable, Failure: Error>(
        _ index: Int, _ body: (inout CacheShard) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // Initialised for as long as the table lives; here and below.
        try unsafe shard(index).pointee.withLock { shard throws(Failure) in try body(&shard) }
    }

    @inline(__always)
    private func table(_ index: Int) -> CacheTable { unsafe CacheTable(face(index), in: slabAddress) }

    @inline(__always)
    private func face(_ index: Int) -> UnsafeMutablePointer<CacheTable.Face> {
        unsafe (base + (index & (Self.count - 1)) * Self.stride).assumingMemoryBound(to: CacheTable.Face.self)
    }

    private func shard(_ index: Int) -> UnsafeMutablePointer<TracedMutex<CacheShard>> {
        unsafe (base + (index & (Self.count - 1)) * Self.stride + Self.faceLength)
            .assumingMemoryBound(to: TracedMutex<CacheShard>.self)
    }
}
