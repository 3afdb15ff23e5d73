import CKeyVaultLinux
import Glibc
import KeyVaultCrypto
import KeyVaultStorage
import Synchronization

/// Where the entries of a cache lie, one behind the other: 64 bytes of ``CacheEntry``, then the sealed bytes, four cache
/// lines in all. What is longer lies in memory of its own.
///
/// An entry belongs to the shard that allocated it, which changes it under its own lock only; the lock here guards the
/// bookkeeping, and no hit takes it. The slab stays mapped until the end, so that any number may be looked at at any time.
@safe struct EntrySlab: ~Copyable, @unchecked Sendable {
    private static let stride = 256
    private static let inlineLength = stride - CacheEntry.length
    /// An entry, and its share of an index: 21 to 43 bytes while it grows, with the cells that it outgrew. (What a peak needed is kept
    /// and not counted again.)
    static let footprint = stride + 32
    /// Pages of 2 MiB spare a large cache half of its address translation; a small one should not pay for one.
    private static let ordinaryLength = 2 << 20

    private struct Usage {
        var entries = 0
        var bytes = 0
        /// Entries that were freed.
        var free: [UInt32] = []
        /// The first entry that was never used.
        var unused: UInt32 = 0
    }

    private let base: UnsafeMutableRawPointer
    private let mappedLength: Int
    private let maximumEntries: Int
    private let maximumBytes: Int
    private let usage = TracedMutex(Usage())

    /// Reserves addresses for all entries there may be; the system gives memory as they are used.
    init(maximumEntries: Int, maximumBytes: Int) throws(CryptoError) {
        self.maximumEntries = max(0, min(maximumEntries, maximumBytes / Self.footprint, Int(Int32.max)))
        self.maximumBytes = maximumBytes
        mappedLength = max(1, self.maximumEntries) * Self.stride
        guard
            let mapping = unsafe mmap(
                nil, mappedLength, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
            unsafe mapping != MAP_FAILED
        else { throw .outOfMemory }
        unsafe base = mapping
        // Sealed bytes are no secret, but of no use in a core dump either. Both are advice: a refusal changes nothing.
        unsafe madvise(mapping, mappedLength, MADV_DONTDUMP)
        if mappedLength > Self.ordinaryLength {
            // Within the mapping.
            unsafe madvise(mapping + Self.ordinaryLength, mappedLength - Self.ordinaryLength, MADV_HUGEPAGE)
        }
    }

    deinit {
        // Mapped above; the entries were removed, and with them what lies outside of the mapping.
        unsafe munmap(base, mappedLength)
    }

    /// How many entries are in use, and how much memory.
    var used: (entries: Int, bytes: Int) { usage.withLock { ($0.entries, $0.bytes) } }

    /// Whether a secret of that length could be allocated now.
    func hasRoom(secretLength: Int) -> Bool {
        usage.withLock { fits(secretLength, in: $0) }
    }

    /// Whether it could be allocated if nothing else were here.
    func canHold(secretLength: Int) -> Bool { fits(secretLength, in: Usage()) }

    private func fits(_ secretLength: Int, in usage: borrowing Usage) -> Bool {
        usage.entries < maximumEntries && usage.bytes + Self.size(secret: secretLength) <= maximumBytes
    }

    /// Stores an entry and its sealed bytes; `nil` without room.
    func insert(_ entry: CacheEntry, sealed: Span<UInt8>) -> UInt32? {
        let number: UInt32? = usage.withLock { usage in
            guard fits(Int(entry.secretLength), in: usage) else { return nil }
            usage.entries += 1
            usage.bytes += Self.size(secret: Int(entry.secretLength))
            if let number = usage.free.popLast() { return number }
            usage.unused += 1
            return usage.unused - 1
        }
        guard let number else { return nil }
        // Whoever sees anything of what is written from here on sees, too, that the entry was given up by another shard before.
        atomicMemoryFence(ordering: .releasing)
        precondition(sealed.count == entry.sealedLength, "the entry describes these bytes")
        let payload = unsafe location(number) + CacheEntry.length
        self[number] = entry
        // The target is the entry's own part of the slab, or memory of exactly that length, whose address the entry keeps.
        unsafe sealed.withUnsafeBytes { sealed in
            guard let source = sealed.baseAddress else { return }
            if sealed.count <= Self.inlineLength {
                unsafe payload.copyMemory(from: source, byteCount: sealed.count)
            } else {
                let target = UnsafeMutableRawPointer.allocate(byteCount: sealed.count, alignment: 64)
                unsafe target.copyMemory(from: source, byteCount: sealed.count)
                unsafe payload.storeBytes(of: target, as: UnsafeMutableRawPointer.self)
            }
        }
        return number
    }

    /// Clears and frees an entry.
    func remove(_ number: UInt32) {
        let length = self[number].sealedLength
        if length > Self.inlineLength {
            // Sealed bytes, allocated by `insert` for this entry alone.
            unsafe sealedBytes(number, length).deallocate()
        }
        // The entry's own part of the slab.
        unsafe memset(location(number), 0, Self.stride)
        usage.withLock { usage in
            usage.entries -= 1
            usage.bytes -= Self.size(sealed: length)
            usage.free.append(number)
        }
    }

    subscript(number: UInt32) -> CacheEntry {
        // Nobody else writes to the entry under the lock of its shard; 64 bytes hold a `CacheEntry`, aligned.
        get { unsafe location(number).load(as: CacheEntry.self) }
        nonmutating set { unsafe location(number).storeBytes(of: newValue, as: CacheEntry.self) }
    }

    /// Notes whether the entry was read since the eviction hand passed it.
    func mark(_ number: UInt32, visited: Bool) {
        // As above; nothing but the mark is written.
        unsafe location(number).assumingMemoryBound(to: CacheEntry.self).pointee.isVisited = visited
    }

    /// Brings an entry and what lies behind it into the processor's cache, all lines at once: opening would wait for one after the
    /// other.
    @inline(__always)
    func prefetch(_ number: UInt32) {
        // Only addresses are computed here, within the entry's part of the slab.
        for line in 0..<(Self.stride / 64) { unsafe keyvault_prefetch(location(number) + line * 64) }
    }

    /// The entry as it is while somebody may be writing it: what this gives may be torn.
    @inline(__always)
    func peek(_ number: UInt32) -> CacheEntry {
        // An entry has this length, and this alignment is enough. (With a larger one, the memory would not be on the stack.)
        unsafe withUnsafeTemporaryAllocation(byteCount: CacheEntry.length, alignment: 16) { line in
            unsafe keyvault_copy_unordered(line.baseAddress, location(number), CacheEntry.length)
            return unsafe line.load(as: CacheEntry.self)
        }
    }

    /// Whether the sealed bytes lie right behind the entry.
    @inline(__always)
    static func isInline(_ entry: CacheEntry) -> Bool { entry.sealedLength <= inlineLength }

    /// Runs `body` with the sealed bytes of an entry that is inline. Somebody may be writing there: all that `body` may do with them
    /// is to open them.
    @inline(__always)
    func withSealed<Result: ~Copyable, Failure: Error>(
        _ number: UInt32, _ entry: CacheEntry, _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // Within the entry's part of the slab, which stays where it is.
        let sealed = unsafe (location(number) + CacheEntry.length).assumingMemoryBound(to: UInt8.self)
        return try unsafe body(Span(_unsafeStart: sealed, count: entry.sealedLength))
    }

    /// A copy of the sealed bytes of an entry.
    func copySealed(_ number: UInt32, _ entry: CacheEntry) throws(CryptoError) -> GuardedBytes {
        let length = entry.sealedLength
        // As many as the entry says, where it says.
        return try unsafe GuardedBytes(
            copying: UnsafeRawBufferPointer(start: sealedBytes(number, length), count: length))
    }

    private func sealedBytes(_ number: UInt32, _ length: Int) -> UnsafeMutableRawPointer {
        let payload = unsafe location(number) + CacheEntry.length
        // Longer ones lie where `insert` noted.
        return unsafe length <= Self.inlineLength ? payload : payload.load(as: UnsafeMutableRawPointer.self)
    }

    /// Numbers come from `insert`, which gives only those below the number of entries that were mapped.
    @inline(__always)
    private func location(_ number: UInt32) -> UnsafeMutableRawPointer { unsafe base + Int(number) * Self.stride }

    private static func size(secret: Int) -> Int { size(sealed: CacheEntry.sealedLength(secret: secret)) }

    private static func size(sealed: Int) -> Int { footprint + (sealed <= inlineLength ? 0 : sealed) }
}
