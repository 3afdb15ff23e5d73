import KeyVaultCrypto
import KeyVaultFormat

/// One part of a cache, chosen by the hash of the id; everything here happens under the part's lock, in one step.
///
/// What is fetched, deleted and purged in which order is decided here and nowhere else, without waiting for anything: the
/// tests walk through every order there is.
struct CacheShard: ~Copyable, Sendable {
    private let table: CacheTable
    private(set) var statistics = CacheStatistics()
    /// Where the eviction hand stands.
    private var hand = 0
    private var flights: [RecordID: Flight] = [:]

    init(_ table: CacheTable) { self.table = table }

    // MARK: Reading

    /// A fresh entry and its sealed bytes.
    mutating func lookup(_ hash: UInt64, now: UInt64) throws(CryptoError) -> SealedCopy? {
        tick(now)
        guard let found = table.find(hash) else { return nil }
        guard now < found.entry.freshUntil else {
            if now >= found.entry.usableUntil {
                table.remove(found)
                statistics.expirations += 1
            }
            return nil
        }
        if !found.entry.isVisited { table.mark(found, visited: true) }
        if found.entry.secretLength > 0 { statistics.hits += 1 } else { statistics.negativeHits += 1 }
        return try table.copy(found)
    }

    /// Notes the time of a call.
    private mutating func tick(_ now: UInt64) {
        // Not written where it stays: those who read without the lock share the line.
        guard now != table.latest else { return }
        // A clock that goes back would make everything live longer than it may.
        if now < table.latest { invalidateAll() }
        table.latest = now
    }

    // MARK: Fetching

    /// Begins to fetch a record after a miss, or joins a flight that began less than `timeToLive` ago; `nil` where there is a
    /// fresh entry: somebody else has filled it since the caller looked.
    mutating func board(
        _ id: RecordID, _ hash: UInt64, now: UInt64, timeToLive: UInt64
    ) -> (flight: Flight, isLeader: Bool)? {
        tick(now)
        if let found = table.find(hash), now < found.entry.freshUntil { return nil }
        statistics.misses += 1
        let boarded = Self.board(&flights[id], hash, now: now, timeToLive: timeToLive, table.cipher)
        if boarded.isLeader { statistics.fills += 1 } else { statistics.coalesced += 1 }
        return boarded
    }

    /// As above, with one look into the table of flights.
    private static func board(
        _ flight: inout Flight?, _ hash: UInt64, now: UInt64, timeToLive: UInt64, _ cipher: CipherReference
    ) -> (flight: Flight, isLeader: Bool) {
        if let flight, now < flight.started.advanced(saturatingBy: timeToLive) { return (flight, false) }
        let new = Flight(hash: hash, started: now, cipher: cipher)
        flight = new
        return (new, true)
    }

    /// The flight that may be joined.
    func flight(of id: RecordID) -> Flight? { flights[id] }

    /// Takes a flight that ended out of the table.
    ///
    /// - Returns: whether it was there still: that nothing was deleted, replaced or purged since it began.
    mutating func land(_ flight: Flight, _ id: RecordID, now: UInt64) -> Bool {
        tick(now)
        return Self.land(flight, &flights[id]) && flight.cipher == table.cipher
    }

    /// As above, with one look.
    private static func land(_ flight: Flight, _ found: inout Flight?) -> Bool {
        guard found === flight else { return false }
        found = nil
        return true
    }

    /// Keeps what a flight brought, where there is room.
    mutating func insert(_ entry: CacheEntry, sealed: Span<UInt8>) {
        remove(entry.hash)
        table.insert(entry, sealed: sealed)
    }

    /// Whether there is a secret that can be served, be it in place of a store that fails.
    func holdsSecret(_ hash: UInt64, now: UInt64) -> Bool { usableSecret(hash, now: now) != nil }

    private func usableSecret(_ hash: UInt64, now: UInt64) -> CacheTable.Place? {
        table.find(hash).flatMap { now < $0.entry.usableUntil && $0.entry.secretLength > 0 ? $0 : nil }
    }

    /// What can be served in place of a store that fails.
    mutating func staleEntry(_ hash: UInt64, now: UInt64) throws(CryptoError) -> SealedSecret? {
        guard let found = usableSecret(hash, now: now) else { return nil }
        let copy = try table.copy(found)
        statistics.staleServes += 1
        return copy.sealed()
    }

    // MARK: Removing

    /// Forgets a record: its entry, and any flight that may bring it as it was.
    mutating func invalidate(_ id: RecordID, _ hash: UInt64) {
        // Most often there is none, and to look for one costs more than all else here.
        if !flights.isEmpty { flights[id] = nil }
        remove(hash)
    }

    /// Forgets all records of a tenant.
    mutating func invalidate(tenant: [UInt8], hash: UInt32) {
        flights = flights.filter { !$0.key.nameBytes(at: 0).elementsEqual(tenant) }
        removeAll { $0.tenant == hash }
    }

    /// Forgets everything.
    mutating func invalidateAll() {
        flights = [:]
        removeAll()
    }

    /// Forgets everything, and seals with another cipher from now on.
    mutating func adopt(_ cipher: CipherReference) {
        invalidateAll()
        table.cipher = cipher
    }

    /// Removes the entry of a hash, where there is one.
    mutating func remove(_ hash: UInt64) {
        if let found = table.find(hash) { table.remove(found) }
    }

    /// Makes room by removing one entry: the first that is too old, or was not read since the hand last passed it (CLOCK).
    ///
    /// - Returns: whether there was any.
    mutating func evict(now: UInt64) -> Bool {
        guard table.count > 0 else { return false }
        table.shrink()
        // After one turn every mark has been cleared, so that the second finds something.
        for _ in 0..<(2 * table.capacity) {
            if let place = table[hand] {
                if !place.entry.isVisited || now >= place.entry.usableUntil {
                    table.remove(place)
                    statistics.evictions += 1
                    return true
                }
                table.mark(place, visited: false)
            }
            hand = (hand + 1) % table.capacity
        }
        return false
    }

    private func removeAll(where matches: (CacheEntry) -> Bool = { _ in true }) {
        table.shrink()
        var position = 0
        while position < table.capacity, table.count > 0 {
            if let place = table[position], matches(place.entry) {
                // The entries behind it move up, so that the next may be here now.
                table.remove(place)
            } else {
                position += 1
            }
        }
    }
}
