import KeyVaultCrypto
import KeyVaultFormat

/// One part of a cache, chosen by the hash of the id; everything here happens under the part's lock, in one step.
///
/// What is fetched, deleted and purged in which order is decided here and nowhere else, without waiting for anything: the
/// tests walk through every order there is.
struct CacheShard: ~Copyable, Sendable {
    // What a hit touches comes first: with the lock before it, it fits in one cache line.
    private var index = CacheIndex()
    /// The time of the last call.
    private var latest: UInt64 = 0
    private(set) var cipher: CipherReference
    private(set) var statistics = CacheStatistics()
    /// Where the eviction hand stands.
    private var hand = 0
    private var flights: [RecordID: Flight] = [:]

    init(cipher: CipherReference) { self.cipher = cipher }

    // MARK: Reading

    /// The sealed bytes of a fresh entry.
    @inline(__always)
    mutating func lookup(
        _ hash: UInt64, now: UInt64, in slab: borrowing EntrySlab
    ) throws(CryptoError) -> SealedCopy? {
        if now < latest { clockWentBack(slab) }
        latest = now
        guard let (position, number) = index.find(hash, where: { slab[$0].hash == hash }) else { return nil }
        let entry = slab[number]
        guard now < entry.freshUntil else {
            if now >= entry.usableUntil {
                remove(at: position, from: slab)
                statistics.expirations += 1
            }
            return nil
        }
        slab.markVisited(number)
        if entry.secretLength > 0 { statistics.hits += 1 } else { statistics.negativeHits += 1 }
        return SealedCopy(try slab.copy(number), cipher: cipher)
    }

    /// A clock that goes back would make everything live longer than it may.
    @inline(never)
    private mutating func clockWentBack(_ slab: borrowing EntrySlab) { invalidateAll(in: slab) }

    // MARK: Fetching

    /// Begins to fetch a record after a miss, or joins a flight that began less than `timeToLive` ago; `nil` where there is a
    /// fresh entry: somebody else has filled it since the caller looked.
    mutating func board(
        _ id: RecordID, _ hash: UInt64, now: UInt64, timeToLive: UInt64, in slab: borrowing EntrySlab
    ) -> (flight: Flight, isLeader: Bool)? {
        if now < latest { clockWentBack(slab) }
        latest = now
        if let (_, number) = index.find(hash, where: { slab[$0].hash == hash }), now < slab[number].freshUntil {
            return nil
        }
        statistics.misses += 1
        if let flight = flights[id], now < flight.started.advanced(saturatingBy: timeToLive) {
            statistics.coalesced += 1
            return (flight, false)
        }
        statistics.fills += 1
        let flight = Flight(started: now, cipher: cipher)
        flights[id] = flight
        return (flight, true)
    }

    /// The flight that may be joined.
    func flight(of id: RecordID) -> Flight? { flights[id] }

    /// Takes a flight that ended out of the table.
    ///
    /// - Returns: whether it was there still: that nothing was deleted, replaced or purged since it began.
    mutating func land(_ flight: Flight, _ id: RecordID, now: UInt64, in slab: borrowing EntrySlab) -> Bool {
        if now < latest { clockWentBack(slab) }
        latest = now
        guard flights[id] === flight else { return false }
        flights[id] = nil
        return flight.cipher == cipher
    }

    /// Keeps what a flight brought, where there is room.
    mutating func insert(_ entry: CacheEntry, sealed: Span<UInt8>, in slab: borrowing EntrySlab) {
        remove(entry.hash, from: slab)
        guard let number = slab.insert(entry, sealed: sealed) else { return }
        index.insert(number, hash: entry.hash)
    }

    /// What can be served in place of a store that fails.
    mutating func staleEntry(
        _ hash: UInt64, now: UInt64, in slab: borrowing EntrySlab
    ) throws(CryptoError) -> SealedSecret? {
        guard let (_, number) = index.find(hash, where: { slab[$0].hash == hash }) else { return nil }
        let entry = slab[number]
        guard now < entry.usableUntil, entry.secretLength > 0 else { return nil }
        let copy = try slab.copy(number)
        statistics.staleServes += 1
        return SealedSecret(
            bytes: copy.withSpan { span in (CacheEntry.length..<span.count).map { span[$0] } }, nonce: entry.nonce,
            secretLength: Int(entry.secretLength), revision: entry.revision, cipher: cipher)
    }

    // MARK: Removing

    /// Forgets a record: its entry, and any flight that may bring it as it was.
    mutating func invalidate(_ id: RecordID, _ hash: UInt64, in slab: borrowing EntrySlab) {
        flights[id] = nil
        remove(hash, from: slab)
    }

    /// Forgets all records of a tenant.
    mutating func invalidate(tenant: [UInt8], hash: UInt32, in slab: borrowing EntrySlab) {
        flights = flights.filter { !$0.key.nameBytes(at: 0).elementsEqual(tenant) }
        removeAll(from: slab) { $0.tenant == hash }
    }

    /// Forgets everything.
    mutating func invalidateAll(in slab: borrowing EntrySlab) {
        flights = [:]
        removeAll(from: slab)
    }

    /// Forgets everything, and seals with another cipher from now on.
    mutating func adopt(_ cipher: CipherReference, in slab: borrowing EntrySlab) {
        invalidateAll(in: slab)
        self.cipher = cipher
    }

    /// Removes the entry of a hash, where there is one.
    mutating func remove(_ hash: UInt64, from slab: borrowing EntrySlab) {
        guard let (position, _) = index.find(hash, where: { slab[$0].hash == hash }) else { return }
        remove(at: position, from: slab)
    }

    /// Makes room by removing one entry: the first that is too old, or was not read since the hand last passed it (CLOCK).
    ///
    /// - Returns: whether there was any.
    mutating func evict(now: UInt64, from slab: borrowing EntrySlab) -> Bool {
        guard index.count > 0 else { return false }
        // After one turn every mark has been cleared, so that the second finds something.
        for _ in 0..<(2 * index.capacity) {
            if let number = index[hand] {
                let entry = slab[number]
                if !entry.isVisited || now >= entry.usableUntil {
                    remove(at: hand, from: slab)
                    statistics.evictions += 1
                    return true
                }
                slab.clearVisited(number)
            }
            hand = (hand + 1) % index.capacity
        }
        return false
    }

    private mutating func removeAll(from slab: borrowing EntrySlab, where matches: (CacheEntry) -> Bool = { _ in true })
    {
        // The index shrinks when it becomes empty, so that its capacity is asked for each time.
        var position = 0
        while position < index.capacity, index.count > 0 {
            if let number = index[position], matches(slab[number]) {
                remove(at: position, from: slab)
            } else {
                position += 1
            }
        }
    }

    private mutating func remove(at position: Int, from slab: borrowing EntrySlab) {
        guard let number = index[position] else { return }
        index.remove(at: position)
        slab.remove(number)
    }
}
