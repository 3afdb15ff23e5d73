import KeyVault
import KeyVaultTesting
import Testing

/// The vault and its cache together: what is served after a change.
@Suite struct VaultCacheTests {
    let store = FaultInjectingStore(MemoryStore())
    let ring: MasterKeyRing
    let vault: Vault
    let id: RecordID

    init() async throws {
        ring = MasterKeyRing(try MasterKey.random())
        // Nothing ages while a test waits for its turn.
        vault = try await Vault.create(
            in: store, masterKey: ring, configuration: VaultConfiguration(clock: ManualClock()))
        id = try RecordID(tenant: "acme", provider: "example")
    }

    private func length(_ vault: Vault? = nil) async throws -> Int {
        try await (vault ?? self.vault).withSecret(id) { $0.byteCount }
    }

    @Test func aSecondReadDoesNotAskTheStore() async throws {
        try await vault.put(Secret("1"), for: id)
        #expect(try await length() == 1)
        let reads = store.calls(of: .read)
        for _ in 0..<10 { #expect(try await length() == 1) }
        #expect(store.calls(of: .read) == reads)
        #expect(await vault.health().cache.hits == 10)
    }

    @Test func whatWasReplacedOrDeletedIsNotServedAgain() async throws {
        try await vault.put(Secret("1"), for: id)
        #expect(try await length() == 1)
        try await vault.put(Secret("22"), for: id)
        #expect(try await length() == 2)
        try await vault.delete(id)
        await #expect(throws: VaultError(.notFound, "")) { try await length() }
        try await vault.put(Secret("333"), for: id)
        #expect(try await length() == 3)
        try await vault.deleteAll(of: "acme")
        await #expect(throws: VaultError(.notFound, "")) { try await length() }
    }

    @Test func aReadThatRacedWithADeletionDoesNotBringTheKeyBack() async throws {
        try await vault.put(Secret("1"), for: id)
        store.hold(.read, .after)
        let (vault, id) = (vault, id)
        let racing = Task { try await vault.withSecret(id) { $0.byteCount } }
        await store.waitUntilHeld(.read, .after)
        let deleting = Task { try await vault.delete(id) }
        await store.waitUntilHeld(.read, .after, count: 2)
        store.release(.read, .after)
        _ = try await deleting.value
        _ = try? await racing.value
        await #expect(throws: VaultError(.notFound, "")) { try await length() }
    }

    @Test func aReadWhileAReplacementIsOnItsWayDoesNotOutliveIt() async throws {
        try await vault.put(Secret("1"), for: id)
        store.hold(.write)
        let (vault, id) = (vault, id)
        let replacing = Task { try await vault.put(Secret("22"), for: id) }
        await store.waitUntilHeld(.write)
        // Not replaced yet; and now cached.
        #expect(try await length() == 1)
        store.release(.write)
        _ = try await replacing.value
        #expect(try await length() == 2)
    }

    /// The first of two has changed the store, and has not come to the cache yet.
    @Test(arguments: [true, false]) func whoFindsNothingLeftToDoDoesNotGoByTheCacheEither(isDeletion: Bool) async throws
    {
        try await vault.put(Secret("1"), for: id)
        #expect(try await length() == 1)
        let (vault, id) = (vault, id)
        let change = { @Sendable () async throws in
            if isDeletion { try await vault.delete(id) } else { try await vault.disable(id) }
        }
        store.hold(.write, .after)
        let first = Task { try await change() }
        await store.waitUntilHeld(.write, .after)
        try await change()
        let expected = VaultError(isDeletion ? .notFound : .disabled, "")
        await #expect(throws: expected) { try await length() }
        store.release(.write, .after)
        try await first.value
    }

    @Test func aWriteThatFailedAfterItHappenedIsNotHiddenByTheCache() async throws {
        try await vault.put(Secret("1"), for: id)
        #expect(try await length() == 1)
        store.fail(.write, .after, with: StoreError(.io, "injected"))
        await #expect(throws: VaultError(.store, "")) { try await vault.put(Secret("22"), for: id) }
        #expect(try await length() == 2)
    }

    @Test func aColdStartMakesOneRead() async throws {
        try await vault.put(Secret("1"), for: id)
        let reads = store.calls(of: .read)
        store.hold(.read)
        let (vault, id) = (vault, id)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<10_000 { group.addTask { try await vault.withSecret(id) { $0.byteCount } } }
            await store.waitUntilHeld(.read)
            store.release(.read)
            for try await length in group { #expect(length == 1) }
        }
        #expect(store.calls(of: .read) == reads + 1)
    }

    @Test func aClosedVaultServesNothing() async throws {
        try await vault.put(Secret("1"), for: id)
        #expect(try await length() == 1)
        #expect(await vault.health().cache.entries == 1)
        await vault.close()
        #expect(await vault.health().cache.entries == 0)
        await #expect(throws: VaultError(.closed, "")) { try await length() }
        await #expect(throws: VaultError(.closed, "")) { try await vault.put(Secret("1"), for: id) }
        await #expect(throws: VaultError(.closed, "")) { try await vault.list() }
    }

    @Test func whatAReadBringsAfterTheEndIsNotKept() async throws {
        try await vault.put(Secret("1"), for: id)
        store.hold(.read, .after)
        let (vault, id) = (vault, id)
        let reading = Task { try await vault.withSecret(id) { $0.byteCount } }
        await store.waitUntilHeld(.read, .after)
        await vault.close()
        store.release(.read, .after)
        _ = await reading.result
        #expect(await vault.health().cache.entries == 0)
    }

    @Test func theVaultsOwnRecordsAreRefused() async throws {
        let own = try RecordID(tenant: "_own", provider: "x")
        await #expect(throws: VaultError(.invalidArgument, "")) { try await vault.put(Secret("1"), for: own) }
        await #expect(throws: VaultError(.invalidArgument, "")) { try await vault.withSecret(own) { $0.byteCount } }
        await #expect(throws: VaultError(.invalidArgument, "")) { try await vault.delete(own) }
        await #expect(throws: VaultError(.invalidArgument, "")) { try await vault.deleteAll(of: "_own") }
    }
}
