import KeyVaultCrypto
import KeyVaultFormat
import Synchronization

/// The entries of one shard: which there are, and where they lie. They are changed under the shard's lock, and read without it.
///
/// A reader that takes no lock looks at the version, opens what it finds, and looks again (a seqlock): an odd version says
/// that somebody is at work, a different one that what it opened may be torn. It writes nothing, so that processors which read the
/// same shard do not wait for each other. Nothing that it may come across is freed before the cache is: cells of the index
/// and entries are used again, which changes the version of the shard that gave them up.
@safe struct CacheTable: @unchecked Sendable {
    /// What is read without the lock: one cache line, written only when entries come or go or the clock ticks.
    struct Face: ~Copyable {
        fileprivate let version = Atomic<UInt64>(0)
        /// The time of the last call under the lock.
        fileprivate let latest = Atomic<UInt64>(0)
        fileprivate let cipher: Atomic<CipherReference>
        fileprivate let index = CacheIndex()

        init(cipher: CipherReference) { self.cipher = Atomic(cipher) }
    }

    // Both live as long as the `ShardTable` they came from, and whoever has a table is called by the cache that owns that.
    private let face: UnsafeMutablePointer<Face>
    private let slab: UnsafeMutablePointer<EntrySlab>

    @inline(__always)
    init(_ face: UnsafeMutablePointer<Face>, in slab: UnsafeMutablePointer<EntrySlab>) {
        unsafe self.face = face
        unsafe self.slab = slab
    }

    // MARK: Without the lock

    /// What a fresh entry says about a record, where that can be had without the lock; `nil` is no answer, and the lock's holder
    /// has it.
    ///
    /// What would have to be written down goes the other way: the first call after a tick of the clock (with a clock that never
    /// gives the same time twice, every call), and the first read of an entry since the eviction hand passed it. So do secrets that
    /// are not inline, and the second of two ids whose hashes share 32 bits.
    ///
    /// - Parameter pause: is called between the steps; for tests, which let others be at work then.
    @inline(__always)
    func openUnlocked(
        _ id: RecordID, _ hash: UInt64, now: UInt64, pause: (UnlockedStep) -> Void = { _ in }
    ) -> CachedSecret? {
        let version = unsafe face.pointee.version.load(ordering: .acquiring)
        pause(.began)
        guard version & 1 == 0, unsafe face.pointee.latest.load(ordering: .relaxed) == now,
            let number = unsafe face.pointee.index.find(hash, where: { _ in true })?.number
        else { return nil }
        unsafe slab.pointee.prefetch(number)
        pause(.found)
        let (entry, cipher) = unsafe (slab.pointee.peek(number), face.pointee.cipher.load(ordering: .acquiring))
        guard entry.hash == hash, now < entry.freshUntil, entry.isVisited, EntrySlab.isInline(entry) else { return nil }
        pause(.looked)
        let opened: CachedSecret
        do throws(CryptoError) {
            // Torn bytes do not open; or, should they change after the tag was checked, open as something that nobody gets to see.
            opened = try unsafe slab.pointee.withSealed(number, entry) { sealed throws(CryptoError) in
                try cipher.open(sealed, entry, for: id)
            }
        } catch { return nil }
        pause(.opened)
        atomicMemoryFence(ordering: .acquiring)
        guard unsafe face.pointee.version.load(ordering: .relaxed) == version else { return nil }
        return opened
    }

    // MARK: Under the lock

    /// The time of the last call; never goes back, but with the clock.
    var latest: UInt64 {
        get { unsafe face.pointee.latest.load(ordering: .relaxed) }
        nonmutating set { unsafe face.pointee.latest.store(newValue, ordering: .relaxed) }
    }

    /// What entries are sealed with. Changed while there are none.
    var cipher: CipherReference {
        get { unsafe face.pointee.cipher.load(ordering: .relaxed) }
        nonmutating set { unsafe face.pointee.cipher.store(newValue, ordering: .releasing) }
    }

    /// How many entries there are.
    var count: Int { unsafe face.pointee.index.count }

    /// How many positions there are, of which many are empty.
    var capacity: Int { unsafe face.pointee.index.capacity }

    /// An entry, as it was when it was looked for, and where it is until the next change.
    struct Place {
        let entry: CacheEntry
        fileprivate let position: Int
        let number: UInt32
    }

    /// The entry of a hash.
    func find(_ hash: UInt64) -> Place? {
        let found = unsafe face.pointee.index.find(hash) { unsafe slab.pointee[$0].hash == hash }
        return found.map { Place(entry: unsafe slab.pointee[$0.number], position: $0.position, number: $0.number) }
    }

    /// The entry at a position, if there is one.
    subscript(position: Int) -> Place? {
        unsafe face.pointee.index[position].map { number in
            Place(entry: unsafe slab.pointee[number], position: position, number: number)
        }
    }

    /// A copy of an entry and its sealed bytes.
    func copy(_ place: Place) throws(CryptoError) -> SealedCopy {
        SealedCopy(place.entry, try unsafe slab.pointee.copySealed(place.number, place.entry), cipher: cipher)
    }

    /// Notes whether an entry was read since the eviction hand passed it.
    func mark(_ place: Place, visited: Bool) { unsafe slab.pointee.mark(place.number, visited: visited) }

    /// Adds an entry, whose hash is not here, if there is room for it.
    func insert(_ entry: CacheEntry, sealed: Span<UInt8>) {
        change {
            guard let number = unsafe slab.pointee.insert(entry, sealed: sealed) else { return }
            unsafe face.pointee.index.insert(number, hash: entry.hash)
        }
    }

    /// Removes an entry.
    func remove(_ place: Place) {
        change {
            unsafe face.pointee.index.remove(at: place.position)
            unsafe slab.pointee.remove(place.number)
        }
    }

    /// Gives up the positions that a peak left empty, if they are many: whoever walks through all would pass by them. Places change.
    func shrink() {
        if unsafe face.pointee.index.isSparse { change { unsafe face.pointee.index.shrink() } }
    }

    /// Lets nobody take for whole what he reads meanwhile.
    func change(_ body: () -> Void) {
        let version = unsafe face.pointee.version.load(ordering: .relaxed)
        unsafe face.pointee.version.store(version + 1, ordering: .relaxed)
        // Before anything that `body` writes, as the fence of the reader is behind anything that it reads.
        atomicMemoryFence(ordering: .releasing)
        body()
        unsafe face.pointee.version.store(version + 2, ordering: .releasing)
    }
}

/// Where a read without the lock can be overtaken.
enum UnlockedStep: CaseIterable { case began, found, looked, opened }
