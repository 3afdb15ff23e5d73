/// What a vault's cache has done since the vault was opened, and what it holds.
public struct CacheStatistics: Sendable, Hashable {
    /// Reads answered with a cached key.
    public internal(set) var hits: UInt64 = 0
    /// Reads answered with a cached absence.
    public internal(set) var negativeHits: UInt64 = 0
    /// Reads that had to wait for the store.
    public internal(set) var misses: UInt64 = 0
    /// Reads of the store.
    public internal(set) var fills: UInt64 = 0
    /// Misses that waited for the fill of another.
    public internal(set) var coalesced: UInt64 = 0
    /// Entries that made room for others.
    public internal(set) var evictions: UInt64 = 0
    /// Entries that were found too old.
    public internal(set) var expirations: UInt64 = 0
    /// Failures of the store that were answered with an entry beyond its time to live.
    public internal(set) var staleServes: UInt64 = 0
    /// Records held, absent ones included.
    public internal(set) var entries = 0
    /// Memory used, overhead included.
    public internal(set) var bytes = 0

    mutating func add(_ other: CacheStatistics) {
        hits += other.hits
        negativeHits += other.negativeHits
        misses += other.misses
        fills += other.fills
        coalesced += other.coalesced
        evictions += other.evictions
        expirations += other.expirations
        staleServes += other.staleServes
    }
}
