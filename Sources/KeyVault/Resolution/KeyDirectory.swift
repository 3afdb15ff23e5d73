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
        /// Believed until here.
        let freshUntil: UInt64
        /// Believed until here while the store fails.
        let usableUntil: UInt64
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
        if let known, now < known.freshUntil { return known.keys }
        let keys: [StoredKey]
        do { keys = try await read() } catch {
            // As a single key (``CacheConfiguration/staleOnStoreError``), and unless it was changed meanwhile.
            guard let known, time.monotonic() < known.usableUntil, error.isOfUnreachableStore,
                state.withLock({ $0.generation == generation })
            else { throw error }
            return known.keys
        }
        // That there is none is believed for as short a time as of a single key.
        var lifetime = keys.isEmpty ? configuration.negativeTimeToLive : configuration.timeToLive
        // A source of master keys that fails for a moment must not count for longer than that.
        if keys.contains(where: \.isUnknown) { lifetime = min(lifetime, Self.unknownTimeToLive) }
        let freshUntil = now.advanced(saturatingBy: lifetime.clampedNanoseconds)
        let stale = keys.isEmpty ? 0 : (configuration.staleOnStoreError ?? .zero).clampedNanoseconds
        let usableUntil = min(
            freshUntil.advanced(saturatingBy: stale),
            now.advanced(saturatingBy: configuration.maximumAge.clampedNanoseconds))
        guard keys.count <= Self.maximumKeys, now < usableUntil else { return keys }
        state.withLock { state in
            guard state.generation == generation else { return }
            if state.entries.count >= Self.maximumTenants { state.entries.removeAll(keepingCapacity: true) }
            state.entries[name] = Entry(keys: keys, freshUntil: freshUntil, usableUntil: usableUntil)
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
