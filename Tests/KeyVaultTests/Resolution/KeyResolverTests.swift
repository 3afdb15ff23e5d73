import Foundation
import KeyVaultTesting
import Synchronization
import Testing

@testable import KeyVault

@Suite struct KeyResolverTests {
    private let store = FaultInjectingStore(MemoryStore())
    private let vault: Vault
    private let pool: KeyResolver.Pool

    init() async throws {
        vault = try await Vault.create(
            in: store, masterKey: MasterKeyRing(try MasterKey.random()),
            // No watch of its own: the faults are for the resolver.
            configuration: VaultConfiguration(
                foreignChangeInterval: .seconds(1_000_000), clock: InstantClock(), checks: .off))
        pool = KeyResolver.Pool(try Secret("pool-key"))
    }

    private func put(_ provider: String, _ text: String, label: String = "default", order: UInt16 = 0) async throws
        -> RecordID
    {
        let id = try RecordID(tenant: "acme", provider: provider, label: label)
        // Made-up keys of no shape: the rules are not what is tested here.
        _ = try await vault.putUnchecked([PutRequest(id, Secret(text), order: order)])
        return id
    }

    private func resolve(
        _ resolver: KeyResolver, inline: [String: String] = [:], policy: PoolPolicy = .allow
    ) async throws -> (key: String, resolution: Resolution) {
        let request = KeyRequest(
            tenant: "acme", provider: "openai", inline: try inline.mapValues { try Secret($0) }, poolPolicy: policy)
        return try await resolver.withKey(for: request) { secret, resolution in
            (Self.text(secret), resolution)
        }
    }

    private static func text(_ secret: RawSpan) -> String {
        unsafe secret.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    }

    /// It is one row: the store was reached, and the tenant's next key is as good as any.
    @Test func aRowThatTheStoreCannotReadIsNoOutage() async throws {
        let first = try await put("openai", "first", label: "a")
        let second = try await put("openai", "second", label: "b")
        let resolver = KeyResolver(vault: vault, pool: pool)
        let corrupt = StoreError(.corrupt, "The row is damaged. Restore a backup.")
        store.fail(.read, with: corrupt)
        let served = try await resolve(resolver)
        #expect(served.resolution.origin == .vault(second, revision: 1))
        #expect(served.resolution.passedOver == [.unreadable(first)])
        try await vault.delete(second)
        store.fail(.read, with: corrupt)
        let error = await #expect(throws: VaultError.self) { try await resolve(KeyResolver(vault: vault)) }
        // Where nothing else serves, the store is to blame, and not the tenant.
        #expect(error?.code == .store && error?.message.contains("The row is damaged") == true)
        #expect((error?.cause as? NoUsableKey)?.passedOver.contains(.unreadable(first)) == true)
    }

    /// Whoever names a tenant of the vault's own learns nothing of what is there.
    @Test func theVaultsOwnRecordsServeNobody() async throws {
        let token = try await vault.createToken(for: "acme").info.id
        let error = await #expect(throws: VaultError.self) {
            let resolver = KeyResolver(vault: vault, pool: pool)
            try await resolver.withKey(for: KeyRequest(tenant: "_tokens", provider: token)) { _, _ in }
        }
        #expect(error?.code == .invalidArgument)
    }

    @Test func theBetterSourceServes() async throws {
        let resolver = KeyResolver(vault: vault, pool: pool)
        var served = try await resolve(resolver)
        #expect(served.key == "pool-key" && served.resolution.origin == .pool)
        #expect(served.resolution.upstream == "openrouter" && served.resolution.markup == 0.25)
        #expect(served.resolution.passedOver == [.nothingStored])

        let broker = try await put("openrouter", "own-broker-key")
        served = try await resolve(resolver)
        #expect(served.key == "own-broker-key" && served.resolution.origin == .vault(broker, revision: 1))
        #expect(served.resolution.upstream == "openrouter" && served.resolution.markup == nil)

        let late = try await put("openai", "late-key", label: "a", order: 5)
        let first = try await put("openai", "first-key", label: "b")
        served = try await resolve(resolver)
        #expect(served.key == "first-key" && served.resolution.upstream == "openai")

        // Fail-over: a key that its provider pauses or refuses makes room for the next.
        try await vault.report(.rateLimited(retryAfter: .seconds(9)), for: first)
        served = try await resolve(resolver)
        #expect(served.key == "late-key" && served.resolution.origin == .vault(late, revision: 1))
        try await vault.report(.rejected, for: late)
        #expect(try await resolve(resolver).key == "own-broker-key")
        try await vault.disable(broker)
        served = try await resolve(resolver)
        #expect(served.key == "pool-key" && served.resolution.passedOver.count == 3)

        served = try await resolve(resolver, inline: ["openai": "inline-key"])
        #expect(served.key == "inline-key" && served.resolution.origin == .inline)
    }

    @Test func moreKeysThanAPageAreAllLookedAt() async throws {
        _ = try await vault.putUnchecked(
            (0..<300).map { number in
                PutRequest(
                    try RecordID(tenant: "acme", provider: "openai", label: "\(1000 + number)"),
                    try Secret("key \(number)"), order: UInt16(300 - number))
            })
        #expect(try await resolve(KeyResolver(vault: vault)).key == "key 299")
    }

    @Test func withoutAKeyTheErrorSaysWhatWasLookedAt() async throws {
        let resolver = KeyResolver(vault: vault, pool: pool, policy: .deny)
        var error = await #expect(throws: VaultError.self) { try await resolve(resolver) }
        #expect(error == VaultError(.notFound, ""))
        #expect((error?.cause as? NoUsableKey)?.passedOver == [.nothingStored, .poolDeniedByOperator])

        let id = try await put("openai", "some-key")
        try await vault.disable(id)
        error = await #expect(throws: VaultError.self) { try await resolve(resolver) }
        #expect(error == VaultError(.disabled, ""))
        #expect(error?.message.contains("acme/openai is disabled") == true)
        let byTenant = await #expect(throws: VaultError.self) {
            try await resolve(KeyResolver(vault: vault, pool: pool), policy: .deny)
        }
        #expect((byTenant?.cause as? NoUsableKey)?.passedOver.last == .poolDeniedByTenant)
    }

    @Test func aFailingStoreIsNotAnEmptyOne() async throws {
        _ = try await put("openai", "stored-key")
        let outage = StoreError(.io, "The disk is gone.")
        let resolver = KeyResolver(vault: vault, pool: pool)
        store.fail(.scan, with: outage, times: .max)
        store.fail(.read, with: outage, times: .max)
        #expect(try await resolve(resolver, inline: ["openai": "inline-key"]).key == "inline-key")
        let served = try await resolve(resolver)
        #expect(served.key == "pool-key" && served.resolution.passedOver == [.storeFailed])
        for (resolver, policy) in [
            (KeyResolver(vault: vault, pool: pool, policy: .deny), PoolPolicy.allow), (resolver, .deny),
            (KeyResolver(vault: vault), .allow),
        ] {
            let error = await #expect(throws: VaultError.self) { try await resolve(resolver, policy: policy) }
            #expect(error == VaultError(.store, ""))
        }
        store.heal()
        #expect(try await resolve(resolver).key == "stored-key")
        // What is cached serves through the next outage.
        store.fail(.scan, with: outage, times: .max)
        store.fail(.read, with: outage, times: .max)
        #expect(try await resolve(resolver).key == "stored-key")
    }

    @Test func choosingAsksTheStoreOnceAndNoticesEveryChange() async throws {
        let resolver = KeyResolver(vault: vault, pool: pool)
        let first = try await put("openai", "first-key")
        for _ in 0..<5 { #expect(try await resolve(resolver).key == "first-key") }
        #expect(store.calls(of: .scan) == 1)
        _ = try await put("openai", "better-key", label: "a")
        #expect(try await resolve(resolver).key == "better-key")
        try await vault.disable(RecordID(tenant: "acme", provider: "openai", label: "a"))
        #expect(try await resolve(resolver).key == "first-key")
        try await vault.delete(first)
        #expect(try await resolve(resolver).key == "pool-key")
        try await vault.enable(RecordID(tenant: "acme", provider: "openai", label: "a"))
        #expect(try await resolve(resolver).key == "better-key")
        try await vault.deleteAll(of: "acme")
        #expect(try await resolve(resolver).key == "pool-key")
        // Another tenant's changes do not matter.
        _ = try await put("openai", "third-key")
        #expect(try await resolve(resolver).key == "third-key")
        let scans = store.calls(of: .scan)
        _ = try await vault.putUnchecked([PutRequest(RecordID(tenant: "other", provider: "openai"), Secret("k"))])
        #expect(try await resolve(resolver).key == "third-key")
        #expect(store.calls(of: .scan) == scans)
    }

    @Test func aListThatWasReadBeforeAChangeIsNotKept() async throws {
        let resolver = KeyResolver(vault: vault, pool: pool)
        _ = try await put("openai", "first-key", order: 1)
        store.hold(.scan, .after)
        async let before = resolve(resolver)
        await store.waitUntilHeld(.scan, .after)
        _ = try await put("openai", "second-key", label: "a")
        store.release(.scan, .after)
        #expect(try await before.key == "first-key")
        #expect(try await resolve(resolver).key == "second-key")
    }

    @Test func tenantsThatLookAlikeAreTwo() async throws {
        let resolver = KeyResolver(vault: vault, pool: pool)
        for (tenant, key) in [("caf\u{E9}", "composed"), ("cafe\u{301}", "decomposed")] {
            _ = try await vault.putUnchecked([PutRequest(RecordID(tenant: tenant, provider: "openai"), Secret(key))])
        }
        for _ in 0..<2 {
            for (tenant, key) in [("caf\u{E9}", "composed"), ("cafe\u{301}", "decomposed")] {
                let request = KeyRequest(tenant: tenant, provider: "openai")
                #expect(try await resolver.withKey(for: request) { secret, _ in Self.text(secret) } == key)
            }
        }
    }

    @Test func whatTheCallerThrowsIsTheCallers() async throws {
        struct Mine: Error {}
        _ = try await put("openai", "stored-key")
        let resolver = KeyResolver(vault: vault, pool: pool)
        await #expect(throws: Mine.self) {
            try await resolver.withKey(for: KeyRequest(tenant: "acme", provider: "openai")) { _, _ in throw Mine() }
        }
    }

    @Test func aKeyThatGoesBetweenChoiceAndReadIsPassedOver() async throws {
        let id = try await put("openai", "stored-key")
        let resolver = KeyResolver(vault: vault, pool: pool)
        store.hold(.scan, .after)
        async let served = resolve(resolver)
        await store.waitUntilHeld(.scan, .after)
        try await vault.delete(id)
        store.release(.scan, .after)
        let (key, resolution) = try await served
        #expect(key == "pool-key" && resolution.passedOver == [.unreadable(id)])

        _ = try await put("openai", "stored-key")
        store.hold(.scan, .after)
        let unserved = Task { try await resolve(KeyResolver(vault: vault)) }
        await store.waitUntilHeld(.scan, .after)
        try await vault.delete(id)
        store.release(.scan, .after)
        await #expect(throws: VaultError(.notFound, "")) { try await unserved.value }
    }

    /// That another key has gone meanwhile is no reason to say that there was none.
    @Test func aDamagedKeyIsSaidToBeDamaged() async throws {
        let (damaged, gone) = (try await put("openai", "a", label: "a"), try await put("openai", "b", label: "b"))
        #expect(try await resolve(KeyResolver(vault: vault)).key == "a")
        let row = try #require(try await store.read(damaged))
        var sealed = row.sealed
        sealed[sealed.count - 1] ^= 1
        try await store.write(
            WriteBatch(
                generation: 1,
                changes: [
                    .rewrap(row.key, sealed: sealed, commitment: try SealedRecord(row.sealed).commitment),
                    .delete(gone, revision: nil),
                ]))
        vault.cache.invalidateAll()
        await #expect(throws: VaultError(.damagedRecord, "")) { try await resolve(KeyResolver(vault: vault)) }
    }

    @Test func anOutageBetweenChoiceAndReadIsNoReasonToBlameTheKey() async throws {
        _ = try await put("openai", "stored-key")
        store.fail(.read, with: StoreError(.io, "The disk is gone."), times: .max)
        let served = try await resolve(KeyResolver(vault: vault, pool: pool))
        #expect(served.key == "pool-key" && served.resolution.passedOver == [.storeFailed])
        await #expect(throws: VaultError(.store, "")) { try await resolve(KeyResolver(vault: vault)) }
    }

    /// One damaged row of a flat file, whoever's it is, ends every list: that is no reason to serve others from the pool.
    @Test func whereNoListCanBeReadKeysAreServedByTheirNames() async throws {
        let (own, broker) = (try await put("openai", "own-key"), try await put("openrouter", "broker-key"))
        let resolver = KeyResolver(vault: vault, pool: pool)
        store.fail(.scan, with: StoreError(.corrupt, "A row is damaged."), times: .max)
        let served = try await resolve(resolver)
        #expect(served.key == "own-key" && served.resolution.passedOver == [.storeFailed])
        #expect(served.resolution.origin == .vault(own, revision: 1))
        try await vault.disable(own)
        let next = try await resolve(resolver)
        #expect(next.key == "broker-key" && next.resolution.origin == .vault(broker, revision: 1))
        #expect(next.resolution.passedOver == [.storeFailed, .disabled(own, .requested, until: nil)])
        try await vault.delete(own)
        #expect(try await resolve(resolver).resolution.passedOver == [.storeFailed])
        // Nobody knows whether there is another.
        try await vault.delete(broker)
        let pooled = try await resolve(resolver)
        #expect(pooled.key == "pool-key" && pooled.resolution.passedOver == [.storeFailed])
        await #expect(throws: VaultError(.store, "")) { try await resolve(KeyResolver(vault: vault)) }
    }

    /// The pool costs somebody money: the tenant's next key, where it is cached, goes before it.
    @Test func aKeyOutOfReachGivesWayToACachedOneBeforeThePool() async throws {
        let second = try await put("openai", "second-key", order: 1)
        let resolver = KeyResolver(vault: vault, pool: pool)
        #expect(try await resolve(resolver).key == "second-key")
        for label in ["a", "b"] { _ = try await put("openai", "first-key", label: label) }
        _ = try await vault.storedKeys(of: "acme", providers: ["openai"])
        store.fail(.read, with: StoreError(.io, "The disk is gone."), times: .max)
        let reads = store.calls(of: .read)
        let served = try await resolve(resolver)
        #expect(served.key == "second-key" && served.resolution.passedOver == [.storeFailed])
        // A store that is out of reach is not asked for each key: it may take its time to say so.
        #expect(store.calls(of: .read) == reads + 1)
        vault.cache.invalidate(second)
        #expect(try await resolve(resolver).key == "pool-key")
        await #expect(throws: VaultError(.store, "")) { try await resolve(KeyResolver(vault: vault)) }
    }

    /// The pool is not for those who are no longer to be served.
    @Test func aVaultThatIsClosedServesNobody() async throws {
        _ = try await put("openai", "stored-key")
        let resolver = KeyResolver(vault: vault, pool: pool)
        store.hold(.scan, .after)
        let between = Task { try await resolve(resolver).key }
        await store.waitUntilHeld(.scan, .after)
        await vault.close()
        store.release(.scan, .after)
        await #expect(throws: VaultError(.closed, "")) { try await between.value }
        await #expect(throws: VaultError(.closed, "")) { try await resolve(resolver) }
    }

    @Test func whoIsCancelledWhileWaitingForAKeyGetsNone() async throws {
        _ = try await put("openai", "stored-key")
        let resolver = KeyResolver(vault: vault, pool: pool)
        store.hold(.read)
        async let first = resolve(resolver)
        await store.waitUntilHeld(.read)
        // Waits for what the first one reads.
        let second = Task {
            // The task itself, which is there while this runs.
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            return try await resolve(resolver).key
        }
        await #expect(throws: VaultError(.cancelled, "")) { try await second.value }
        store.release(.read)
        #expect(try await first.key == "stored-key")
    }

    /// A source of master keys that fails for a moment says nothing of the tenant's keys.
    @Test func aMasterKeyThatIsMissingForAMomentIsNeitherBilledNorRemembered() async throws {
        let (store, old, clock) = (MemoryStore(), MasterKeyRing(try MasterKey.random()), ManualClock())
        let writer = try await Vault.create(in: store, masterKey: old)
        let source = LateSource(old)
        let reader = try await Vault.open(
            store, keys: source,
            configuration: VaultConfiguration(foreignChangeInterval: .seconds(1_000_000), clock: clock))
        let id = try RecordID(tenant: "acme", provider: "openai")
        _ = try await writer.putUnchecked([PutRequest(id, Secret("stored-key"))])
        let new = MasterKeyRing(try MasterKey.random())
        _ = try await writer.rotateMasterKey(to: new)
        let resolver = KeyResolver(vault: reader, pool: pool)
        source.ring.withLock { $0 = nil }
        await #expect(throws: VaultError(.missingMasterKey, "")) { try await resolve(resolver) }
        source.ring.withLock { $0 = new }
        // For so long the source is not asked again.
        clock.advance(by: .seconds(1))
        #expect(try await resolve(resolver).key == "stored-key")
    }

    /// Another process rotates and has rewrapped one of two keys; the new master key is not to be had here for the moment.
    @Test(arguments: [true, false]) func aKeyThatOpensServesBeforeOneThatMayNot(isListedBefore: Bool) async throws {
        let (store, old, clock) = (MemoryStore(), MasterKeyRing(try MasterKey.random()), ManualClock())
        let writer = try await Vault.create(in: store, masterKey: old)
        let source = LateSource(old)
        let reader = try await Vault.open(
            store, keys: source,
            configuration: VaultConfiguration(foreignChangeInterval: .seconds(1_000_000), clock: clock))
        let own = try RecordID(tenant: "acme", provider: "openai")
        let broker = try RecordID(tenant: "acme", provider: "openrouter")
        _ = try await writer.putUnchecked([
            PutRequest(own, Secret("own-key")), PutRequest(broker, Secret("broker-key")),
        ])
        let resolver = KeyResolver(vault: reader, pool: pool)
        if isListedBefore {
            // Nothing serves it: the keys are listed, and none is read.
            let other = KeyRequest(tenant: "acme", provider: "mistral", poolPolicy: .deny)
            _ = try? await KeyResolver(vault: reader).withKey(for: other) { _, _ in }
        }
        let before = try #require(try await store.read(broker))
        let new = MasterKeyRing(try MasterKey.random())
        _ = try await writer.rotateMasterKey(to: new)
        let generation = try #require(try await store.readHead()).generation
        let after = try #require(try await store.read(broker))
        try await store.write(
            WriteBatch(
                generation: generation,
                changes: [
                    .rewrap(
                        after.key, sealed: before.sealed, commitment: Array(after.sealed[SealedRecord.commitmentRange]))
                ]))
        source.ring.withLock { $0 = nil }
        let served = try await resolve(resolver)
        #expect(served.key == "broker-key" && served.resolution.origin == .vault(broker, revision: 1))
        source.ring.withLock { $0 = new }
        // A list that knows less is kept for a second.
        clock.advance(by: .seconds(1))
        #expect(try await resolve(resolver).key == "own-key")
    }

    /// For 100 s behind the 300 that its cache believes a key.
    private func vaultThatServesStale(_ store: FaultInjectingStore, _ clock: ManualClock) async throws -> Vault {
        let cache = CacheConfiguration(timeToLive: .seconds(300), staleOnStoreError: .seconds(100))
        return try await Vault.create(
            in: store, masterKey: MasterKeyRing(try MasterKey.random()),
            configuration: VaultConfiguration(
                cache: cache, foreignChangeInterval: .seconds(1_000_000), clock: clock, date: { clock.date }))
    }

    /// The list of a tenant's keys is as old as the keys may be.
    @Test func aKeyIsResolvedForAsLongAsItIsServedWhileTheStoreFails() async throws {
        let (store, clock) = (FaultInjectingStore(MemoryStore()), ManualClock())
        let vault = try await vaultThatServesStale(store, clock)
        let id = try RecordID(tenant: "acme", provider: "openai")
        _ = try await vault.putUnchecked([PutRequest(id, Secret("stored-key"))])
        let resolver = KeyResolver(vault: vault, pool: pool)
        #expect(try await resolve(resolver).key == "stored-key")
        let outage = StoreError(.io, "The disk is gone.")
        for operation in [FaultInjectingStore.Operation.read, .scan] {
            store.fail(operation, with: outage, times: .max)
        }
        clock.advance(by: .seconds(399))
        #expect(try await resolve(resolver).key == "stored-key")
        clock.advance(by: .seconds(1))
        let served = try await resolve(resolver)
        #expect(served.key == "pool-key" && served.resolution.passedOver.contains(.storeFailed))
    }

    /// The next key may be one that is served for longer, where the one before it was not read for as long.
    @Test func behindAKeyThatIsOutOfReachAnotherIsServedWhileTheStoreFails() async throws {
        let (store, clock) = (FaultInjectingStore(MemoryStore()), ManualClock())
        let vault = try await vaultThatServesStale(store, clock)
        let broker = try RecordID(tenant: "acme", provider: "openrouter")
        _ = try await vault.putUnchecked([
            PutRequest(try RecordID(tenant: "acme", provider: "openai"), Secret("own-key")),
            PutRequest(broker, Secret("broker-key")),
        ])
        let resolver = KeyResolver(vault: vault, pool: pool)
        // Of the two, the broker's alone is read.
        try await resolver.withKey(for: KeyRequest(tenant: "acme", provider: "anthropic")) { _, resolution in
            #expect(resolution.origin == .vault(broker, revision: 1))
        }
        for operation in [FaultInjectingStore.Operation.read, .scan] {
            store.fail(operation, with: StoreError(.io, "The disk is gone."), times: .max)
        }
        clock.advance(by: .seconds(399))
        let served = try await resolve(resolver)
        #expect(served.key == "broker-key" && served.resolution.passedOver == [.storeFailed])
        clock.advance(by: .seconds(1))
        #expect(try await resolve(resolver).key == "pool-key")
    }

    /// A list may be older than what another process did: the reason is what the record itself says.
    @Test(arguments: [true, false]) func whyAListedKeyIsNotServedIsKept(isDisabled: Bool) async throws {
        let (store, ring, clock) = (MemoryStore(), MasterKeyRing(try MasterKey.random()), ManualClock())
        let configuration = VaultConfiguration(clock: clock, date: { clock.date })
        let vault = try await Vault.create(in: store, masterKey: ring, configuration: configuration)
        let other = try await Vault.open(store, keys: ring)
        let id = try RecordID(tenant: "acme", provider: "openai")
        _ = try await other.putUnchecked([PutRequest(id, Secret("stored-key"))])
        let request = KeyRequest(tenant: "acme", provider: "anthropic")
        // The list is read, the key is not.
        await #expect(throws: VaultError(.notFound, "")) {
            try await KeyResolver(vault: vault).withKey(for: request) { _, _ in }
        }
        if isDisabled {
            try await other.report(.rejected, for: id)
        } else {
            _ = try await other.putUnchecked([PutRequest(id, Secret("stored-key"), expires: .distantPast)])
        }
        let served = try await resolve(KeyResolver(vault: vault, pool: pool)).resolution
        #expect(served.passedOver == [isDisabled ? .disabled(id, .rejected, until: nil) : .expired(id)])
        await #expect(throws: VaultError(isDisabled ? .disabled : .expired, "")) {
            try await resolve(KeyResolver(vault: vault))
        }
    }

    @Test func anExpiredKeyIsNamedAsTheReason() async throws {
        let id = try RecordID(tenant: "acme", provider: "openai")
        _ = try await vault.putUnchecked([
            PutRequest(id, Secret("stored-key"), expires: Date(timeIntervalSince1970: 1_000_000_000))
        ])
        let error = await #expect(throws: VaultError.self) { try await resolve(KeyResolver(vault: vault)) }
        #expect(error?.code == .expired)
        #expect(try await resolve(KeyResolver(vault: vault, pool: pool)).key == "pool-key")
    }

    /// 10,000 requests of 100 tenants with inline and stored keys at once: each key names whose it is, and nobody ever gets
    /// another's.
    @Test func nobodyEverGetsAnothersKey() async throws {
        let tenants = (0..<100).map { "tenant-\($0)" }
        for tenant in tenants {
            for provider in ["openai", "openrouter"] where provider == "openai" || tenant.hasSuffix("1") {
                _ = try await vault.putUnchecked([
                    PutRequest(RecordID(tenant: tenant, provider: provider), Secret("stored of \(tenant)"))
                ])
            }
        }
        let resolver = KeyResolver(vault: vault, pool: pool)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    for number in stride(from: worker, to: 10_000, by: 8) {
                        let tenant = tenants[(number * 37) % tenants.count]
                        var request = KeyRequest(tenant: tenant, provider: number % 5 == 0 ? "anthropic" : "openai")
                        let isInline = number % 3 == 0
                        if isInline { request.inline = ["openai": try Secret("inline \(number) of \(tenant)")] }
                        let isOwnProvider = request.provider == "openai"
                        try await resolver.withKey(for: request) { secret, resolution in
                            let before = Self.text(secret)
                            await Task.yield()
                            #expect(Self.text(secret) == before)
                            switch resolution.origin {
                            case .inline: #expect(isInline && before == "inline \(number) of \(tenant)")
                            case .vault(let id, _): #expect(id.tenant == tenant && before == "stored of \(tenant)")
                            case .pool: #expect(!isOwnProvider && before == "pool-key")
                            }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await vault.list(limit: 1000).entries.count == 110)
    }
}

/// Gives what it is told to, and fails where that is nothing.
private final class LateSource: MasterKeySource {
    let ring: Mutex<MasterKeyRing?>

    init(_ ring: MasterKeyRing) { self.ring = Mutex(ring) }

    func masterKeys(for request: MasterKeyRequest) async throws -> MasterKeyRing {
        guard let ring = ring.withLock({ $0 }) else { throw CancellationError() }
        return ring
    }
}
