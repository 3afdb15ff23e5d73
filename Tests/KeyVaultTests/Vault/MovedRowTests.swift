import KeyVault
import KeyVaultStorage
import KeyVaultTesting
import Testing

/// A store that gives a sound row, and another one than was asked for: its owner has moved it. It opens as nothing but what it is.
@Suite struct MovedRowTests {
    private struct MovingStore: WrappingStore {
        let base: any RecordStore
        /// What is given, whatever was asked for.
        var row: StoredRecord?

        func read(_ id: RecordID) async throws(StoreError) -> StoredRecord? {
            if let row { return row }
            return try await base.read(id)
        }

        func read(_ key: RecordKey) async throws(StoreError) -> StoredRecord? {
            if let row { return row }
            return try await base.read(key)
        }
    }

    private let base = MemoryStore()
    private let key: MasterKeyRing
    private let alice: RecordID
    private let bob: RecordID

    init() async throws {
        key = MasterKeyRing(try MasterKey.random())
        alice = try RecordID(tenant: "alice", provider: "example")
        bob = try RecordID(tenant: "bob", provider: "example")
        let vault = try await Vault.create(in: base, masterKey: key)
        try await vault.put(Secret("alices-key"), for: alice)
        try await vault.put(Secret("bobs-key"), for: bob)
        _ = try await vault.put([PutRequest(bob, Secret("bobs-new-key"), keepPreviousFor: .seconds(3_600))])
    }

    @Test func anotherTenantsRowIsDamaged() async throws {
        let row = try await base.read(bob)
        let vault = try await Vault.open(MovingStore(base: base, row: row), keys: key)
        for _ in 0..<2 {
            await #expect(throws: VaultError(.damagedRecord, "")) { try await vault.withSecret(alice) { $0.byteCount } }
        }
        await #expect(throws: VaultError(.damagedRecord, "")) { try await vault.metadata(for: alice) }
        #expect(try await vault.withSecret(bob) { $0.byteCount } == 12)
    }

    @Test func anotherRevisionsRowIsDamaged() async throws {
        let row = try #require(try await base.read(RecordKey(id: bob, revision: 1)))
        let vault = try await Vault.open(MovingStore(base: base, row: row), keys: key)
        await #expect(throws: VaultError(.damagedRecord, "")) {
            try await vault.withSecret(bob, revision: 2) { $0.byteCount }
        }
    }
}
