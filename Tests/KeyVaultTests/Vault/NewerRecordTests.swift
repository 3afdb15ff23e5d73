import KeyVault
import Testing

/// What a later release wrote is no damage: it is kept, and whoever meets it is told to upgrade (SPEC.md section 8).
@Suite struct NewerRecordTests {
    private let store = MemoryStore()
    private let masterKey: MasterKeyRing
    private let vault: Vault
    private let newer: RecordID
    private let sound: RecordID

    init() async throws {
        masterKey = MasterKeyRing(try MasterKey.random())
        vault = try await Vault.create(in: store, masterKey: masterKey)
        newer = try RecordID(tenant: "acme", provider: "openai")
        sound = try RecordID(tenant: "acme", provider: "openai", label: "spare")
        for id in [newer, sound] { try await vault.put(Secret("sk-1"), for: id) }
    }

    /// - Parameter place: where the version stands, or the suite.
    private func makeNewer(_ place: Int) async throws -> StoredRecord {
        let row = try #require(try await store.read(newer))
        var sealed = row.sealed
        sealed[place] = 2
        try await store.write(
            WriteBatch(
                generation: 1,
                changes: [
                    .rewrap(row.key, sealed: sealed, commitment: Array(sealed[SealedRecord.commitmentRange]))
                ]))
        return StoredRecord(key: row.key, sealed: sealed)
    }

    @Test(arguments: [4, 5]) func itIsNotServedAndNotReplacedAndCanBeDeleted(_ place: Int) async throws {
        let row = try await makeNewer(place)
        let error = await #expect(throws: VaultError.self) { try await vault.withSecret(newer) { _ in } }
        #expect(error?.code == .newerRecord && error?.hint == "Upgrade KeyVault.")
        await #expect(throws: VaultError(.newerRecord, "")) { try await vault.put(Secret("sk-2"), for: newer) }
        await #expect(throws: VaultError(.newerRecord, "")) { try await vault.disable(newer) }
        #expect(try await store.read(newer) == row)
        #expect(try await vault.delete(newer))
        try await vault.put(Secret("sk-2"), for: newer)
    }

    @Test(arguments: [4, 5]) func listsAndReportsSayWhatItIs(_ place: Int) async throws {
        let row = try await makeNewer(place)
        let codes = try await vault.list().entries.map(\.code)
        #expect(codes == [.newerRecord, nil])
        let entry = try await vault.entry(for: newer)
        #expect(entry.code == .newerRecord && entry.damage?.contains("later release") == true)
        #expect(try await vault.history(of: newer).map(\.code) == [.newerRecord])
        let report = try await vault.verify()
        #expect(report.damaged.map(\.code) == [.newerRecord])
        let rotation = try await vault.rotateMasterKey(to: MasterKeyRing(try MasterKey.random()))
        #expect(rotation.failed.map(\.code) == [.newerRecord] && rotation.retired.isEmpty)
        #expect(try await store.read(newer) == row)
    }

    /// The tenant's key may well be good: that this release cannot read it is nothing the tenant pays the pool for.
    @Test func aResolverTakesTheNextKeyAndNotThePool() async throws {
        _ = try await makeNewer(4)
        let resolver = KeyResolver(vault: vault, pool: KeyResolver.Pool(try Secret("pool-key")))
        let request = KeyRequest(tenant: "acme", provider: "openai")
        let origin = try await resolver.withKey(for: request) { _, resolution in resolution.origin }
        #expect(origin == .vault(sound, revision: 1))
        try await vault.delete(sound)
        await #expect(throws: VaultError(.newerRecord, "")) {
            try await resolver.withKey(for: request) { _, _ in }
        }
    }

    @Test(arguments: [4, 5]) func aHeaderOfALaterReleaseIsNotDamaged(_ place: Int) async throws {
        var header = try #require(try await store.readHead()).header
        header[place] = 2
        let other = try await store.copy(header: header, generation: 1)
        let error = await #expect(throws: VaultError.self) { try await Vault.open(other, keys: masterKey) }
        #expect(error?.code == .newerVault && error?.hint == "Upgrade KeyVault.")
    }
}
