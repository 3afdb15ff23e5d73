import Metrics

/// Hands the cache's counts on to the program's metrics, every ``VaultConfiguration/foreignChangeInterval``: counting each hit
/// there would cost as much as the hit.
///
/// The names are few and fixed; no tenant or id is ever a dimension.
struct VaultMetrics {
    private var reported = CacheStatistics()
    private let reads = ["hit", "negative_hit", "miss", "coalesced", "stale"].map {
        Counter(label: "keyvault_cache_reads_total", dimensions: [("outcome", $0)])
    }
    private let fills = Counter(label: "keyvault_cache_fills_total")
    private let evictions = Counter(label: "keyvault_cache_evictions_total")
    private let expirations = Counter(label: "keyvault_cache_expirations_total")
    private let entries = Gauge(label: "keyvault_cache_entries")
    private let bytes = Gauge(label: "keyvault_cache_bytes")

    mutating func report(_ now: CacheStatistics) {
        let counts: [KeyPath<CacheStatistics, UInt64>] = [\.hits, \.negativeHits, \.misses, \.coalesced, \.staleServes]
        for (counter, count) in zip(
            reads + [fills, evictions, expirations], counts + [\.fills, \.evictions, \.expirations])
        {
            let added = now[keyPath: count] &- reported[keyPath: count]
            if added > 0 { counter.increment(by: Int64(clamping: added)) }
        }
        entries.record(now.entries)
        bytes.record(now.bytes)
        reported = now
    }
}
