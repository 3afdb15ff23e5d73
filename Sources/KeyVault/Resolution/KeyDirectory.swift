import KeyVaultStorage

/// Which keys tenants have, without the keys: kept for a while, so that choosing among them asks no store.
///
/// What this process changes is forgotten at once, and a list that was read meanwhile is not believed: it may be from before
/// the change.
final class KeyDirectory: Sendable {
    /// When this many tenants are known, all are forgotten: simpler than an order of eviction, and as rare as restarts.
    private static let maximumTenants = 10_000
    /// A tenant with more keys is read each time: the bound on memory is the product of both.
    private static let maximumKeys = 64

    /// How long a list is kept of which not every key opened for want of its master key or of a later
    /// release.
    private static let unknownTimeToLive = Duration.seconds(1)

    private struct Entry {
        let keys: [StoredKey]
        let end: UInt64
    }

    private struct State {
        /// By the tenant's bytes: two names that differ only in Unicode's normal form are two tenants.
        var entries: [[UInt8]: Entry] = [:]
        /// Moves with every change.
        var generation: UInt64 = 0
    }

    private let state = TracedMutex(State())
    private let configuration: CacheConfiguration
    private let time: TimeSource

    init(_ configuration: CacheConfiguration, time: TimeSource) {
        self.configuration = configuration
        self.time = time
    }

    /// The keys of a tenant, from here or from `read`.
    func keys(
        of tenant: String, read: () async throws(VaultError) -> [StoredKey]
    ) async throws(VaultError) -> [StoredKey] {
        let name = Array(tenant.utf8)
        let now = time.monotonic()
        let (known, generation) = state.withLock { ($0.entries[name], $0.generation) }
        if let known, now < known.end { return known.keys }
        let keys = try await read()
        // That there is none is believed for as short a time as of a single key.
        var lifetime = keys.isEmpty ? configuration.negativeTimeToLive : configuration.timeToLive
        // A source of master keys that fails for a moment must not count for longer than that.
        if keys.contains(where: \.isUnknown) { lifetime = min(lifetime, Self.unknownTimeToLive) }
        guard keys.count <= Self.maximumKeys, lifetime > .zero else { return keys }
        state.withLock { state in
            guard state.generation == generation else { return }
            if state.entries.count >= Self.maximumTenants { state.entries.removeAll(keepingCapacity: true) }
            state.entries[name] = Entry(keys: keys, end: now.advanced(saturatingBy: lifetime.clampedNanoseconds))
        }
        return keys
    }

    func forget(_ tenant: String) {
        state.withLock { state in
            state.generation += 1
            if !state.entries.isEmpty { state.entries[Array(tenant.utf8)] = nil }
        }
    }

    func forgetAll() {
        state.withLock { state in
            state.generation += 1
            state.entries.removeAll()
        }
    }
}
