import KeyVault
import KeyVaultTesting
import Testing

@Suite struct CopyTests {
    let ring: MasterKeyRing
    let rotated: MasterKeyRing
    let store = MemoryStore()
    let vault: Vault

    init() async throws {
        ring = MasterKeyRing(try MasterKey.random())
        rotated = MasterKeyRing(try MasterKey.random())
        vault = try await Vault.create(in: store, masterKey: ring)
        for number in 0..<600 {
            let id = try RecordID(tenant: "tenant\(number % 7)", provider: "example", label: "\(number)")
            for revision in 0..<(number % 3 + 1) {
                try await vault.put([PutRequest(id, Secret("\(number) \(revision)"), keepPreviousFor: .seconds(60))])
            }
        }
        try await vault.delete(RecordID(tenant: "tenant2", provider: "example", label: "2"))
        _ = try await vault.rotateMasterKey(to: rotated)
    }

    private func expectEqual(_ copy: some RecordStore) async throws {
        #expect(try await copy.readHead() == store.readHead())
        let all = try await store.scan(.everything, after: nil, limit: 2000)
        #expect(try await copy.scan(.everything, after: nil, limit: 2000) == all)
    }

    @Test func aCopyIsTheSameVault() async throws {
        let destination = MemoryStore()
        let report = try await vault.copy(to: destination)
        #expect(report.records == 599)
        #expect(report.damaged.isEmpty)
        try await expectEqual(destination)
        await #expect(throws: VaultError(.exists, "")) { try await vault.copy(to: destination) }
    }

    /// A backup was taken during a rotation, or before it, and is verified afterwards.
    @Test func aCopyUnderOlderKeysIsVerifiedToo() async throws {
        let (before, during) = (MemoryStore(), MemoryStore())
        _ = try await vault.copy(to: before)
        let failing = FaultInjectingStore(store)
        let rotating = try await Vault.open(failing, keys: rotated)
        let next = MasterKeyRing(try MasterKey.random())
        failing.fail(.write, with: StoreError(.full, "The disk is full."), skipping: 2, times: .max)
        await #expect(throws: VaultError(.store, "")) { try await rotating.rotateMasterKey(to: next) }
        _ = try await rotating.copy(to: during)
        failing.heal()
        _ = try await rotating.rotateMasterKey(to: next)
        #expect(try await rotating.verifyCopy(in: before).damaged.isEmpty)
        #expect(try await rotating.verifyCopy(in: during).damaged.isEmpty)
    }

    @Test func anUnfinishedCopyDoesNotOpenAndIsFinishedByTheNext() async throws {
        for cut in 0..<6 {
            let destination = FaultInjectingStore(MemoryStore())
            destination.fail(.write, with: StoreError(.full, "injected"), skipping: cut)
            if (try? await vault.copy(to: destination)) == nil {
                let error = await #expect(throws: VaultError.self) { try await Vault.open(destination, keys: ring) }
                #expect(error?.message == "The store holds a copy of a vault that was not finished.", "\(cut)")
            }
            if try await destination.readHead() != store.readHead() {
                let report = try await vault.copy(to: destination)
                #expect(report.records == 599)
            }
            try await expectEqual(destination)
        }
    }

    @Test func anUnfinishedCopyOfAVaultThatWasChangedSinceIsBegunAnew() async throws {
        let destination = FaultInjectingStore(MemoryStore())
        destination.fail(.write, with: StoreError(.full, "injected"), skipping: 1)
        await #expect(throws: VaultError(.store, "")) { try await vault.copy(to: destination) }
        // One that is in the copy already.
        try await vault.put(Secret("newer"), for: RecordID(tenant: "tenant0", provider: "example", label: "0"))
        let error = await #expect(throws: VaultError.self) { try await vault.copy(to: destination) }
        #expect(error?.code == .conflict)
        #expect(error?.message == "The vault was written to since this copy of it was begun.")
        #expect(error?.hint == "Stop its writers, remove the unfinished copy, and copy anew.")
    }

    @Test func aVaultThatIsWrittenToMeanwhileIsNotCopied() async throws {
        let destination = MemoryStore()
        let vault = vault
        let id = try RecordID(tenant: "a", provider: "p")
        let source = FaultInjectingStore(store)
        source.hold(.scan)
        let slow = try await Vault.open(source, keys: rotated)
        let copying = Task { try await slow.copy(to: destination) }
        await source.waitUntilHeld(.scan)
        try await vault.put(Secret("before it was looked at"), for: id)
        source.release(.scan)
        // Whatever moment the write fell into: the copy is either refused or complete.
        if (try? await copying.value) != nil { try await expectEqual(destination) }
    }
}
