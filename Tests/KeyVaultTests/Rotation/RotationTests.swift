import KeyVault
import KeyVaultTesting
import Testing

@Suite struct RotationTests {
    let old: MasterKeyRing
    let new: MasterKeyRing
    let store = MemoryStore()
    let vault: Vault

    init() async throws {
        old = MasterKeyRing(try MasterKey.random())
        new = MasterKeyRing(try MasterKey.random())
        vault = try await Vault.create(in: store, masterKey: old)
        for number in 0..<600 {
            let id = try RecordID(tenant: "tenant\(number % 7)", provider: "example", label: "\(number)")
            try await vault.put([PutRequest(id, Secret("secret \(number)"), keepPreviousFor: .seconds(60))])
        }
        let replaced = try RecordID(tenant: "tenant0", provider: "example", label: "0")
        try await vault.put([PutRequest(replaced, Secret("second"), keepPreviousFor: .seconds(60))])
    }

    private func both() -> MasterKeyRing {
        var ring = old
        ring.add(new)
        return ring
    }

    @Test(arguments: [RotationReport.Mode.rewrap, .reEncrypt])
    func everyRowMovesAndTheOldKeyIsRetired(_ mode: RotationReport.Mode) async throws {
        let before = try await store.scan(.everything, after: nil, limit: 1000)
        let report = try await vault.rotateMasterKey(to: new, mode: mode)
        #expect(report.records == 601)
        #expect(report.onActiveKey == 601)
        #expect(report.rewrapped == 601)
        #expect(report.failed.isEmpty)
        #expect(report.retired == old.ids)
        let after = try await store.scan(.everything, after: nil, limit: 1000)
        #expect(before.map(\.key) == after.map(\.key))
        for (one, other) in zip(before, after) {
            let (one, other) = (try SealedRecord(one.sealed), try SealedRecord(other.sealed))
            #expect((one.ciphertext == other.ciphertext) == (mode == .rewrap))
            #expect(other.keyID == new.ids[0])
        }
        #expect(try await vault.verify().damaged.isEmpty)
        let again = try await Vault.open(store, keys: new)
        #expect(try await again.verify().records == 600)
        let replaced = try RecordID(tenant: "tenant0", provider: "example", label: "0")
        #expect(try await again.withSecret(replaced, revision: 1) { $0.byteCount } == 8)
    }

    @Test func afterwardsTheOldKeyAloneIsRefusedByName() async throws {
        _ = try await vault.rotateMasterKey(to: new)
        let error = await #expect(throws: VaultError.self) { try await Vault.open(store, keys: old) }
        #expect(error?.code == .retiredMasterKey)
        #expect(error?.message.contains(old.ids[0].short) == true)
        #expect(error?.message.contains(new.ids[0].short) == true)
        _ = try await Vault.open(store, keys: both())
    }

    @Test func aRecordUnderARetiredKeyDoesNotOpenEvenForWhoStillNamesThatKey() async throws {
        let id = try RecordID(tenant: "tenant3", provider: "example", label: "3")
        let stolen = try #require(try await store.read(id))
        _ = try await vault.rotateMasterKey(to: new)
        let now = try #require(try await store.read(id))
        let commitment = Array(now.sealed[SealedRecord.commitmentRange])
        let generation = try #require(try await store.readHead()).generation
        // Who holds the old key could have made this record, or has kept it.
        try await store.write(
            WriteBatch(
                generation: generation, changes: [.rewrap(now.key, sealed: stolen.sealed, commitment: commitment)]))
        let reader = try await Vault.open(store, keys: both())
        await #expect(throws: VaultError(.damagedRecord, "")) { try await reader.withSecret(id) { $0.byteCount } }
    }

    @Test func aDryRunChangesNothing() async throws {
        let before = try await store.scan(.everything, after: nil, limit: 1000)
        let report = try await vault.rotateMasterKey(to: new, dryRun: true)
        #expect(report.rewrapped == 601)
        #expect(report.onActiveKey == 0)
        #expect(try await store.scan(.everything, after: nil, limit: 1000) == before)
        #expect(try await store.readHead()?.generation == 1)
    }

    @Test func aRotationToTheOnlyKeyIsRefused() async throws {
        await #expect(throws: VaultError(.invalidArgument, "")) { try await vault.rotateMasterKey(to: old) }
        _ = try await vault.rotateMasterKey(to: new)
        await #expect(throws: VaultError(.invalidArgument, "")) { try await vault.rotateMasterKey(to: old) }
    }

    @Test func aRecordThatFailsIsNamedAndKeepsTheOldKeyLive() async throws {
        let id = try RecordID(tenant: "tenant3", provider: "example", label: "3")
        let row = try #require(try await store.read(id))
        var sealed = row.sealed
        sealed[100] ^= 1
        let commitment = Array(row.sealed[SealedRecord.commitmentRange])
        try await store.write(
            WriteBatch(generation: 1, changes: [.rewrap(row.key, sealed: sealed, commitment: commitment)]))
        let report = try await vault.rotateMasterKey(to: new)
        #expect(report.failed.map(\.id) == [id])
        #expect(report.retired.isEmpty)
        #expect(report.onActiveKey == 600)
        // Deleting it lets the rotation end.
        try await vault.delete(id)
        let second = try await Vault.open(store, keys: both()).rotateMasterKey(to: new)
        #expect(second.rewrapped == 0)
        #expect(second.retired == old.ids)
    }

    @Test func aWriterWithTheOldHeaderIsRefusedAndReadsTheNewOne() async throws {
        let other = try await Vault.open(store, keys: both())
        _ = try await vault.rotateMasterKey(to: new)
        let id = try RecordID(tenant: "late", provider: "example")
        try await other.put(Secret("sealed under the new key"), for: id)
        let row = try #require(try await store.read(id))
        #expect(try SealedRecord(row.sealed).keyID == new.ids[0])
    }

    @Test func aRunThatIsCutOffAnywhereIsFinishedByTheNext() async throws {
        // Each write fails once; the run after it begins anew from the store, as after a crash.
        for (cut, moment) in (0..<6).flatMap({ cut in [FaultInjectingStore.Moment.before, .after].map { (cut, $0) } }) {
            let old = MasterKeyRing(try MasterKey.random())
            let new = MasterKeyRing(try MasterKey.random())
            var both = old
            both.add(new)
            let faulty = FaultInjectingStore(MemoryStore())
            let vault = try await Vault.create(in: faulty, masterKey: old)
            for number in 0..<600 {
                try await vault.put(Secret("x"), for: RecordID(tenant: "t", provider: "p", label: "\(number)"))
            }
            faulty.fail(.write, moment, with: StoreError(.io, "injected"), skipping: cut)
            let first = try? await vault.rotateMasterKey(to: new)
            let report = try await Vault.open(faulty, keys: both).rotateMasterKey(to: new)
            #expect(report.onActiveKey == 600)
            #expect(first == nil || cut == 5)
            #expect(try await Vault.open(faulty, keys: new).verify().damaged.isEmpty)
        }
    }
}
