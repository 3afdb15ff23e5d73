import Foundation
import KeyVault
import KeyVaultTesting
import Testing

/// Sound rows whose master key this process lacks are told from damaged ones, and are not swept away.
@Suite struct LackingKeyTests {
    private let clock = ManualClock()
    private let store = FaultInjectingStore(MemoryStore())
    private let (old, new): (MasterKeyRing, MasterKeyRing)
    private let vault: Vault
    private let id: RecordID

    init() async throws {
        let clock = clock
        (old, new) = (MasterKeyRing(try MasterKey.random()), MasterKeyRing(try MasterKey.random()))
        vault = try await Vault.create(
            in: store, masterKey: old,
            configuration: VaultConfiguration(
                foreignChangeInterval: .seconds(1_000_000), clock: clock, date: { clock.date }))
        id = try RecordID(tenant: "acme", provider: "example")
        try await vault.put(Secret("one"), for: id)
        try await vault.put(
            [PutRequest(id, Secret("newer"), expires: clock.date + 10, keepPreviousFor: .seconds(60))])
    }

    /// Another process begins to rotate to a key that this one does not have.
    private func rotate(_ store: FaultInjectingStore) async throws {
        let writer = try await Vault.open(store, keys: old)
        _ = try await writer.rotateMasterKey(to: new)
    }

    @Test func reportsSayThatTheKeyIsMissing() async throws {
        try await rotate(store)
        #expect(try await vault.verify().damaged.map(\.code) == [.missingMasterKey, .missingMasterKey])
        #expect(try await vault.list().entries.map(\.code) == [.missingMasterKey])
        #expect(try await vault.history(of: id).map(\.code) == [.missingMasterKey, .missingMasterKey])
    }

    /// It can be read again as soon as its master key is there.
    @Test func aSweepKeepsWhatItCannotRead() async throws {
        // The earlier revision as the rotation leaves it.
        let head = try #require(try await store.readHead())
        let rotated = FaultInjectingStore(MemoryStore())
        _ = try await vault.copy(to: rotated)
        try await rotate(rotated)
        let earlier = RecordKey(id: id, revision: 1)
        let (before, after) = (try await store.read(earlier), try await rotated.read(earlier))
        // Here the rotation stops when the header knows the new key.
        store.fail(.write, with: StoreError(.io, "The disk is gone."), skipping: 1)
        await #expect(throws: VaultError(.store, "")) { try await rotate(store) }
        let commitment = Array(try #require(before).sealed[SealedRecord.commitmentRange])
        try await store.write(
            WriteBatch(
                generation: head.generation + 1,
                changes: [.rewrap(earlier, sealed: try #require(after).sealed, commitment: commitment)]))

        clock.advance(by: .seconds(10))
        let report = try await vault.sweep()
        #expect(report.expired == 0 && report.revisions == 0)
        var both = new
        both.add(old)
        let whole = try await Vault.open(store, keys: both)
        #expect(try await whole.history(of: id).map(\.revision) == [2, 1])
    }
}
