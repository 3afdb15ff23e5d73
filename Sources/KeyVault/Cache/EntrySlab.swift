import Glibc
import KeyVaultCrypto
import KeyVaultStorage

/// Where the entries of a cache lie, one behind the other: 64 bytes of ``CacheEntry``, then the sealed bytes, four cache
/// lines in all. What is longer lies in memory of its own.
///
/// An entry belongs to the shard that allocated it, which touches it under its own lock only; the lock here guards the
/// bookkeeping, and no hit takes it.
@safe struct EntrySlab: ~Copyable, @unchecked Sendable {
    private static let stride = 256
    private static let inlineLength = stride - CacheEntry.length
    /// An entry, and its share of an index that is between three eighths and three quarters full.
    static let footprint = stride + 16
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
        // Mapped above; the shards freed their entries, and with them what lies outside of the mapping.
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

    /// Wipes and frees an entry.
    func remove(_ number: UInt32) {
        let length = self[number].sealedLength
        if length > Self.inlineLength {
            // Allocated by `insert` for this entry alone.
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
        // Entries are written whole before their number is known to anybody; 64 bytes hold a `CacheEntry`, aligned.
        @inline(__always) get { unsafe location(number).load(as: CacheEntry.self) }
        nonmutating set { unsafe location(number).storeBytes(of: newValue, as: CacheEntry.self) }
    }

    /// Notes that the entry was read.
    @inline(__always)
    func markVisited(_ number: UInt32) {
        // As above. The line is written only once for each turn of the hand, so that processors can share it.
        let entry = unsafe location(number).assumingMemoryBound(to: CacheEntry.self)
        if unsafe !entry.pointee.isVisited { unsafe entry.pointee.isVisited = true }
    }

    func clearVisited(_ number: UInt32) { self[number].isVisited = false }

    /// A copy of the entry and the sealed bytes behind it, in memory where they can be opened.
    @inline(__always)
    func copy(_ number: UInt32) throws(CryptoError) -> GuardedBytes {
        let length = self[number].sealedLength
        if length <= Self.inlineLength {
            // They lie one behind the other, within the entry's part of the slab.
            return try unsafe GuardedBytes(
                copying: UnsafeRawBufferPointer(start: location(number), count: CacheEntry.length + length))
        }
        return try copyLong(number, length)
    }

    @inline(never)
    private func copyLong(_ number: UInt32, _ length: Int) throws(CryptoError) -> GuardedBytes {
        var bytes = try GuardedBytes(count: CacheEntry.length + length)
        bytes.withMutableSpan { span in
            // The span has the sum of both lengths; the entry has `length` sealed bytes.
            unsafe span.withUnsafeMutableBytes { target in
                unsafe target.copyMemory(
                    from: UnsafeRawBufferPointer(start: location(number), count: CacheEntry.length))
                unsafe UnsafeMutableRawBufferPointer(rebasing: target[CacheEntry.length...])
                    .copyMemory(from: UnsafeRawBufferPointer(start: sealedBytes(number, length), count: length))
            }
        }
        return bytes
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
