import KeyVault
import Testing

@Suite struct VaultTests {
    let ring: MasterKeyRing
    let store = MemoryStore()
    let vault: Vault

    init() async throws {
        ring = MasterKeyRing(try MasterKey.random())
        vault = try await Vault.create(in: store, masterKey: ring)
    }

    private func text(_ id: RecordID) async throws -> String {
        try await vault.withSecret(id) { secret in
            unsafe secret.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
        }
    }

    @Test func givesBackWhatWasPut() async throws {
        let id = try RecordID(tenant: "acme", provider: "example")
        let info = try await vault.put(Secret("sk-proj-0123456789abcdefghij"), for: id)
        #expect(info.revision == 1)
        #expect(info.metadata.hint?.description == "sk-…ghij")
        #expect(try await text(id) == "sk-proj-0123456789abcdefghij")
        let replaced = try await vault.put(Secret("second"), for: id)
        #expect(replaced.revision == 2)
        #expect(replaced.metadata.hint == nil)
        #expect(replaced.metadata.created == info.metadata.created)
        #expect(try await text(id) == "second")
    }

    @Test func anAsyncClosureMayWaitWithTheSecret() async throws {
        let id = try RecordID(tenant: "acme", provider: "example")
        try await vault.put(Secret("secret"), for: id)
        let count = try await vault.withSecret(id) { secret in
            await Task.yield()
            return secret.byteCount
        }
        #expect(count == 6)
    }

    @Test func aDeletedKeyIsGoneAndItsRevisionIsNotUsedAgain() async throws {
        let id = try RecordID(tenant: "acme", provider: "example")
        try await vault.put(Secret("first"), for: id)
        let last = try await vault.put(Secret("second"), for: id).revision
        #expect(try await vault.delete(id))
        #expect(try await vault.delete(id) == false)
        await #expect(throws: VaultError(.notFound, "")) { try await text(id) }
        #expect(try await vault.put(Secret("third"), for: id).revision > last)
        await #expect(throws: VaultError(.conflict, "")) {
            try await vault.put(Secret("fourth"), for: id, expectedRevision: last)
        }
    }

    /// A repair that has lost a replacement leaves the row of before, and a floor above what was lost.
    @Test func aRevisionThatARepairHasLostIsNotUsedAgain() async throws {
        let (store, ring) = (MemoryStore(), MasterKeyRing(try .random()))
        let before = try await Vault.create(in: store, masterKey: ring)
        let id = try RecordID(tenant: "acme", provider: "example")
        try await before.put(Secret("one"), for: id)
        try await store.write(WriteBatch(generation: 1, changes: [.raiseFloor(7)]))
        let vault = try await Vault.open(store, keys: ring)
        #expect(try await vault.put(Secret("two"), for: id).revision == 8)
        await #expect(throws: VaultError(.conflict, "")) {
            try await vault.put(Secret("three"), for: id, expectedRevision: 2)
        }
        #expect(try await vault.put(Secret("three"), for: id, expectedRevision: 8).revision == 9)
    }

    @Test func listsInOrderWithoutTheVaultsOwn() async throws {
        for tenant in ["b", "a", "_own", "c"] {
            let id = try RecordID(tenant: tenant, provider: "example")
            _ = try await vault.putUnchecked([PutRequest(id, Secret("secret"))])
        }
        let first = try await vault.list(limit: 2)
        #expect(first.entries.map(\.id.tenant) == ["a", "b"])
        let second = try await vault.list(after: first.next, limit: 2)
        #expect(second.entries.map(\.id.tenant) == ["c"])
        #expect(second.next == nil)
        let report = try await vault.verify()
        #expect(report.records == 3)
        #expect(report.damaged.isEmpty)
    }

    @Test func opensAgainUnderTheSameKeyOnly() async throws {
        let id = try RecordID(tenant: "acme", provider: "example")
        try await vault.put(Secret("secret"), for: id)
        let again = try await Vault.open(store, keys: ring, expecting: vault.id)
        #expect(try await again.withSecret(id) { $0.byteCount } == 6)
        let other = MasterKeyRing(try MasterKey.random())
        await #expect(throws: VaultError(.wrongMasterKey, "")) { try await Vault.open(store, keys: other) }
    }
}
