import KeyVaultTesting
import Testing

@testable import KeyVault

/// A row that does not open is read again before it counts as damaged: it may be another one by then, or gone, or out of reach.
@Suite struct SecondLookTests {
    /// What walks over rows, and how many damaged ones it finds.
    enum Walk: String, CaseIterable {
        case list, verify, storedKeys, tokens, history, reEncryption

        func damage(in vault: Vault, _ id: RecordID, new: MasterKeyRing) async throws(VaultError) -> Int {
            switch self {
            case .list: try await vault.list().entries.count { $0.damage != nil }
            case .verify: try await vault.verify().damaged.count
            case .storedKeys:
                try await vault.storedKeys(of: id.tenant, providers: [id.provider])
                    .count { $0.refusal != nil || $0.isUnknown }
            case .tokens: try await vault.tokens().count { $0.tenant == nil }
            case .history: try await vault.history(of: id).count { $0.metadata == nil }
            case .reEncryption: try await vault.rotateMasterKey(to: new, mode: .reEncrypt).failed.count
            }
        }
    }

    private let base = MemoryStore()
    private let store: FaultInjectingStore
    private let old: MasterKeyRing
    private let new: MasterKeyRing
    /// Holds both keys.
    private let vault: Vault
    private let id: RecordID

    init() async throws {
        store = FaultInjectingStore(base)
        old = MasterKeyRing(try MasterKey.random())
        new = MasterKeyRing(try MasterKey.random())
        id = try RecordID(tenant: "acme", provider: "example")
        _ = try await Vault.create(in: base, masterKey: old)
        var both = old
        both.add(new)
        vault = try await Vault.open(store, keys: both)
    }

    /// A key and a token whose last bits are changed.
    private func damage() async throws {
        try await vault.put(Secret("secret"), for: id)
        _ = try await vault.createToken(for: id.tenant)
        for row in try await base.scan(.everything, after: nil, limit: 9) {
            var sealed = row.sealed
            sealed[sealed.count - 1] ^= 1
            let commitment = Array(sealed[SealedRecord.commitmentRange])
            try await base.write(
                WriteBatch(generation: 1, changes: [.rewrap(row.key, sealed: sealed, commitment: commitment)]))
        }
    }

    @Test(arguments: Walk.allCases) func anOutageIsNotTakenForDamage(_ walk: Walk) async throws {
        try await damage()
        store.fail(.read, with: StoreError(.io, "The disk is gone."), times: .max)
        await #expect(throws: VaultError(.store, "")) { try await walk.damage(in: vault, id, new: new) }
        store.heal()
        #expect(try await walk.damage(in: vault, id, new: new) > 0)
    }

    /// Nothing is left of the first page then, and a page comes behind it all the same.
    @Test func aPageOfWhichEverythingIsGoneByThenIsNotTheLast() async throws {
        try await damage()
        let next = try RecordID(tenant: "b", provider: "example")
        try await vault.put(Secret("secret"), for: next)
        store.hold(.read)
        async let listed = vault.list(limit: 1)
        await store.waitUntilHeld(.read)
        try await base.write(WriteBatch(generation: 1, changes: [.delete(id, revision: nil)]))
        store.release(.read)
        let page = try await listed
        #expect(page.entries.isEmpty && page.next == id)
        #expect(try await vault.list(after: page.next, limit: 1).entries.map(\.id) == [next])
    }

    /// A history names revisions as of one moment, so that it stays out of this.
    @Test(arguments: Walk.allCases.filter { $0 != .history })
    func whatIsGoneByThenIsNoDamage(_ walk: Walk) async throws {
        try await damage()
        store.hold(.read)
        async let damage = walk.damage(in: vault, id, new: new)
        await store.waitUntilHeld(.read)
        let rows = try await base.scan(.everything, after: nil, limit: 9)
        let generation = try #require(try await base.readHead()).generation
        try await base.write(
            WriteBatch(generation: generation, changes: rows.map { .delete($0.id, revision: $0.revision) }))
        store.release(.read)
        #expect(try await damage == 0)
    }

    /// Another process has begun a rotation to a key of which this one was not told.
    @Test(arguments: Walk.allCases.filter { $0 != .reEncryption })
    func aRowUnderAKeyThatIsNotHeldIsReported(_ walk: Walk) async throws {
        let ignorant = try await Vault.open(base, keys: old)
        store.fail(.scan, with: StoreError(.full, "The rotation ends here."))
        await #expect(throws: VaultError(.store, "")) { try await vault.rotateMasterKey(to: new) }
        try await vault.put(Secret("secret"), for: id)
        _ = try await vault.createToken(for: id.tenant)

        #expect(try await walk.damage(in: ignorant, id, new: new) > 0)
        await #expect(throws: VaultError(.missingMasterKey, "")) { try await ignorant.withSecret(id) { _ in } }
        #expect(try await ignorant.entry(for: id).damage?.contains(new.ids[0].short) == true)
        #expect(try await ignorant.sweep().expired == 0)
    }

    @Test func anEntryThatIsDeletedBeforeItIsShownIsNotFound() async throws {
        let ignorant = try await Vault.open(store, keys: old)
        store.fail(.scan, with: StoreError(.full, "The rotation ends here."))
        await #expect(throws: VaultError(.store, "")) { try await vault.rotateMasterKey(to: new) }
        try await vault.put(Secret("secret"), for: id)
        // The row was read; the header that names its key was not.
        store.hold(.readHead)
        let entry = Task { try await ignorant.entry(for: id) }
        await store.waitUntilHeld(.readHead)
        try await base.write(WriteBatch(generation: 2, changes: [.delete(id, revision: nil)]))
        store.release(.readHead)
        await #expect(throws: VaultError(.notFound, "")) { _ = try await entry.value }
    }

    /// The row was read as the current one under the old key. When it is opened, a newer one has replaced it, it is kept for
    /// a while, and a rotation has moved it and retired the old key.
    @Test func aRowThatWasReplacedAndMovedIsReadAsWhatItIsNow() async throws {
        var both = old
        both.add(new)
        let writer = try await Vault.open(base, keys: both)
        try await writer.put(Secret("one"), for: id)
        // After the page, and after the look for rows behind it.
        store.hold(.scan, .after, skipping: 1)
        async let report = vault.verify()
        await store.waitUntilHeld(.scan, .after)
        try await writer.put([PutRequest(id, Secret("two"), keepPreviousFor: .seconds(60))])
        #expect(try await writer.rotateMasterKey(to: new).retired == old.ids)
        try await vault.reloadMasterKeys()
        store.release(.scan, .after)
        #expect(try await report.damaged.isEmpty)
        #expect(try await report.position == RecordKey(id: id, revision: 1))
    }

    /// Whether the earlier one is kept or not.
    @Test(arguments: [Duration.seconds(60), nil])
    func aKeyThatWasReplacedAndMovedWhileItWasListedIsListed(period: Duration?) async throws {
        var both = old
        both.add(new)
        let writer = try await Vault.open(base, keys: both)
        try await writer.put(Secret("one"), for: id)
        store.hold(.scan, .after)
        async let listed = vault.list()
        async let stored = vault.storedKeys(of: id.tenant, providers: [id.provider])
        await store.waitUntilHeld(.scan, .after, count: 2)
        try await writer.put([PutRequest(id, Secret("two"), keepPreviousFor: period)])
        #expect(try await writer.rotateMasterKey(to: new).retired == old.ids)
        try await vault.reloadMasterKeys()
        store.release(.scan, .after)
        #expect(try await listed.entries.map(\.revision) == [2])
        #expect(try await listed.entries.allSatisfy { $0.damage == nil })
        #expect(try await stored.map(\.revision) == [2])
    }

    /// Somebody else replaces the damaged row while it is looked at again.
    @Test(arguments: [true, false]) func aChangeOfADamagedRowThatIsReplacedMeanwhileIsPlannedAnew(puts: Bool)
        async throws
    {
        let writer = try await Vault.open(base, keys: old)
        try await damage()
        store.hold(.read, .after)
        let change = Task {
            if puts {
                try await vault.put(Secret("mine"), for: id).revision
            } else {
                try await vault.disable(id).revision
            }
        }
        await store.waitUntilHeld(.read, .after)
        store.hold(.read)
        store.release(.read, .after)
        await store.waitUntilHeld(.read)
        try await writer.put(Secret("theirs"), for: id)
        store.release(.read)
        #expect(try await change.value == 3)
    }

    @Test func bytesThatAreNoRecordAreDamage() async throws {
        try await base.write(
            WriteBatch(generation: 1, changes: [.insert(RecordKey(id: id, revision: 1), sealed: [1, 2, 3])]))
        await #expect(throws: VaultError(.damagedRecord, "")) { try await vault.withSecret(id) { _ in } }
        #expect(try await vault.list().entries.map { $0.damage != nil } == [true])
        #expect(try await vault.put(Secret("secret"), for: id).revision == 2)
        #expect(try await vault.verify().damaged.isEmpty)
    }
}
