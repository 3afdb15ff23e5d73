import Foundation
import KeyVaultTesting
import Testing

@testable import KeyVault

/// What a change keeps, what it depends on, and what it makes the vault forget.
@Suite struct WriteConditionTests {
    private let base = MemoryStore()
    private let store: FaultInjectingStore
    private let clock = ManualClock()
    private let vault: Vault
    /// Of another process: the vault is told nothing of what it does.
    private let other: Vault
    private let id: RecordID

    init() async throws {
        let (clock, ring) = (clock, MasterKeyRing(try MasterKey.random()))
        store = FaultInjectingStore(base)
        let configuration = VaultConfiguration(clock: clock, date: { clock.date })
        other = try await Vault.create(in: base, masterKey: ring, configuration: configuration)
        vault = try await Vault.open(store, keys: ring, configuration: configuration)
        id = try RecordID(tenant: "acme", provider: "example")
    }

    private func length() async throws -> Int { try await vault.withSecret(id) { $0.byteCount } }

    @Test func aReplacedKeyKeepsItsPlaceAndTheDateOfItsFirst() async throws {
        let first = try await vault.put([PutRequest(id, Secret("one"), order: 7)])[0].metadata
        clock.advance(by: .seconds(60))
        let second = try await vault.put(Secret("two"), for: id).metadata
        #expect(second.order == 7 && second.created == first.created)
        #expect(second.updated == first.updated.addingTimeInterval(60))
        #expect(try await vault.put([PutRequest(id, Secret("three"), order: 8)])[0].metadata.order == 8)
    }

    /// The key that was meant was there when it was looked for, and another one when it was deleted.
    @Test func aKeyThatWasReplacedMeanwhileIsNotDeletedInItsPlace() async throws {
        try await vault.put(Secret("one"), for: id)
        store.hold(.write)
        let deletion = Task { [vault, id] in try await vault.delete(id, expectedRevision: 1) }
        await store.waitUntilHeld(.write)
        try await other.put(Secret("newer"), for: id)
        store.release(.write)
        await #expect(throws: VaultError(.conflict, "")) { try await deletion.value }
        #expect(try await length() == 5)
    }

    @Test func aKeyThatWasReplacedMeanwhileIsNotRolledBackOver() async throws {
        try await vault.put(Secret("one"), for: id)
        try await vault.put([PutRequest(id, Secret("two"), keepPreviousFor: .seconds(60))])
        store.hold(.write)
        let rollback = Task { [vault, id] in try await vault.rollback(id).revision }
        await store.waitUntilHeld(.write)
        try await other.put([PutRequest(id, Secret("newer"), keepPreviousFor: .seconds(60))])
        store.release(.write)
        await #expect(throws: VaultError(.conflict, "")) { try await rollback.value }
        #expect(try await length() == 5)
    }

    /// Each lost race is somebody else's write that succeeded.
    @Test func aWriteThatIsOvertakenAgainAndAgainSucceedsInTheEnd() async throws {
        store.fail(.write, with: StoreError(.conflict, "Somebody was faster."), times: 100)
        #expect(try await vault.put(Secret("one"), for: id).revision == 1)
        #expect(store.calls(of: .write) == 101)
    }

    /// The row is at the same revision, and is another one: restored from a backup, or put there.
    @Test func aRowThatWasExchangedMeanwhileIsNotReplacedUnseen() async throws {
        try await vault.put([PutRequest(id, Secret("one"), order: 1)])
        let row = try #require(try await base.read(id))
        let date = clock.date
        let exchanged = try Secret("else").withSpan { secret in
            try vault.envelope.seal(
                Metadata(created: date, updated: date, order: 2), secret: secret, as: row.key,
                kind: .current, under: try vault.keys.active.key, random: [UInt8](repeating: 0, count: 32))
        }
        store.hold(.write)
        let replacement = Task { [vault, id] in try await vault.put(Secret("two"), for: id).metadata.order }
        await store.waitUntilHeld(.write)
        let commitment = try SealedRecord(row.sealed).commitment
        try await base.write(
            WriteBatch(generation: 1, changes: [.rewrap(row.key, sealed: exchanged.encoded, commitment: commitment)]))
        store.release(.write)
        #expect(try await replacement.value == 2)
    }

    @Test func nothingIsKnownOfATenantThatWasDeleted() async throws {
        try await vault.put(Secret("one"), for: id)
        func count() async throws -> Int { try await vault.storedKeys(of: "acme", providers: ["example"]).count }
        #expect(try await count() == 1)
        try await vault.deleteAll(of: "acme")
        #expect(try await count() == 0)
    }
}
