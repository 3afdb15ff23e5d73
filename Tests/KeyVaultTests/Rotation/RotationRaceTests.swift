import KeyVaultTesting
import Testing

@testable import KeyVault

/// Rotations that meet others, or the bounds of the header.
@Suite struct RotationRaceTests {
    private let base = MemoryStore()
    private let store: FaultInjectingStore
    private let id: RecordID

    init() throws {
        store = FaultInjectingStore(base)
        id = try RecordID(tenant: "acme", provider: "example")
    }

    private func header() async throws -> VaultHeader {
        try StoredHeader(try #require(try await base.readHead()).header).header
    }

    private func fresh() throws -> MasterKeyRing { MasterKeyRing(try MasterKey.random()) }

    /// A new vault, opened twice: by the store that can be held up, and beside it. Both hold all three keys.
    private func vaults(
        under old: MasterKeyRing, holding new: MasterKeyRing, _ other: MasterKeyRing
    ) async throws -> (Vault, Vault) {
        _ = try await Vault.create(in: base, masterKey: old)
        var all = old
        all.add(new)
        all.add(other)
        return (try await Vault.open(store, keys: all), try await Vault.open(base, keys: all))
    }

    @Test func onlyTheLatestOfTwoRetiresKeys() async throws {
        let (old, new, other) = (try fresh(), try fresh(), try fresh())
        let (first, second) = try await vaults(under: old, holding: new, other)
        try await first.put(Secret("secret"), for: id)
        // The first one's last scan has found nothing left to move.
        store.hold(.scan)
        let rotation = Task { try await first.rotateMasterKey(to: new) { _ in store.hold(.write) } }
        await store.waitUntilHeld(.scan)
        store.release(.scan)
        await store.waitUntilHeld(.write)
        #expect(try await second.rotateMasterKey(to: other).retired.count == 2)
        store.release(.write)
        await #expect(throws: VaultError(.conflict, "")) { try await rotation.value }
        let header = try await header()
        #expect(header.activeKeyID == other.ids[0] && header.liveKeyIDs == other.ids)
        #expect(try await Vault.open(base, keys: other).withSecret(id) { $0.byteCount } == 6)
    }

    /// The first has read its rows when the second moves them and retires the key they were under.
    @Test func aRowThatAnotherHasMovedMeanwhileIsNoFailure() async throws {
        let (old, new, other) = (try fresh(), try fresh(), try fresh())
        let (first, second) = try await vaults(under: old, holding: new, other)
        try await first.put(Secret("secret"), for: id)
        store.hold(.scan, .after)
        let rotation = Task { try await first.rotateMasterKey(to: new) }
        await store.waitUntilHeld(.scan, .after)
        #expect(try await second.rotateMasterKey(to: new).retired == old.ids)
        try await first.reloadMasterKeys()
        store.release(.scan, .after)
        let report = try await rotation.value
        #expect(report.failed.isEmpty && report.onActiveKey == 1)
    }

    /// It looks twice, since there is a failure and the header has changed, and counts once.
    @Test func aDryRunThatLooksAgainCountsOnce() async throws {
        let (old, new, other) = (try fresh(), try fresh(), try fresh())
        let (first, second) = try await vaults(under: old, holding: new, other)
        try await first.put(Secret("secret"), for: id)
        let damaged = RecordKey(id: try RecordID(tenant: "b", provider: "example"), revision: 1)
        try await base.write(WriteBatch(generation: 1, changes: [.insert(damaged, sealed: [1, 2, 3])]))
        store.hold(.scan)
        let dryRun = Task { try await first.rotateMasterKey(to: new, dryRun: true) }
        await store.waitUntilHeld(.scan)
        try await second.updateHeader { _ in true }
        store.release(.scan)
        let report = try await dryRun.value
        #expect(report.records == 2 && report.rewrapped == 1 && report.failed.map(\.id) == [damaged.id])
    }

    /// The first vault still believes the header that is there before two rotations of the second one.
    @Test func aKeyThatWasRetiredMeanwhileIsNotMadeTheActiveOne() async throws {
        let (old, new, other) = (try fresh(), try fresh(), try fresh())
        let (first, second) = try await vaults(under: old, holding: new, other)
        try await first.put(Secret("secret"), for: id)
        _ = try await second.rotateMasterKey(to: new)
        _ = try await second.rotateMasterKey(to: other)
        let before = try await base.readHead()
        await #expect(throws: VaultError(.invalidArgument, "")) { try await first.rotateMasterKey(to: new) }
        #expect(try await base.readHead() == before)
        #expect(try await Vault.open(base, keys: other).withSecret(id) { $0.byteCount } == 6)
    }

    @Test func aHeaderThatNobodyCouldReadIsNotWritten() async throws {
        let (old, other) = (try fresh(), try fresh())
        let (vault, _) = try await vaults(under: old, holding: other, try fresh())
        let before = try await base.readHead()
        await #expect(throws: VaultError(.damagedHeader, "")) {
            try await vault.updateHeader { header in
                header.activeKeyID = other.ids[0]
                return true
            }
        }
        #expect(try await base.readHead() == before)
    }

    /// The first rotation was overtaken and knows it; the second one has just seen that nothing is left on the first one's key.
    @Test func aRotationThatWasOvertakenMovesNothingMore() async throws {
        let (old, new, other) = (try fresh(), try fresh(), try fresh())
        _ = try await Vault.create(in: base, masterKey: old)
        var all = old
        all.add(new)
        all.add(other)
        let late = FaultInjectingStore(base)
        let (first, second) = (try await Vault.open(store, keys: all), try await Vault.open(late, keys: all))
        try await second.put(Secret("secret"), for: id)
        store.hold(.scan)
        let overtaken = Task { try await first.rotateMasterKey(to: new) }
        await store.waitUntilHeld(.scan)
        let rotation = Task { try await second.rotateMasterKey(to: other) { _ in late.hold(.write) } }
        await late.waitUntilHeld(.write)
        try await first.reloadMasterKeys()
        store.release(.scan)
        await #expect(throws: VaultError(.conflict, "")) { try await overtaken.value }
        late.release(.write)
        #expect(try await rotation.value.retired.count == 2)
        let report = try await Vault.open(base, keys: other).verify()
        #expect(report.records == 1 && report.damaged.isEmpty)
    }

    /// Between the last scan and the header that retires keys, the old key was the active one again for a while.
    @Test func aProofOfAnEarlierHeaderRetiresNothing() async throws {
        let (old, new) = (try fresh(), try fresh())
        let (first, second) = try await vaults(under: old, holding: new, try fresh())
        try await first.put(Secret("secret"), for: id)
        let rotation = Task {
            var batches = 0
            return try await first.rotateMasterKey(to: new) { _ in
                batches += 1
                if batches == 1 { store.hold(.write) }
            }
        }
        await store.waitUntilHeld(.write)
        try await second.updateHeader { header in
            header.activeKeyID = old.ids[0]
            return true
        }
        try await second.put(Secret("newer"), for: id)
        try await second.updateHeader { header in
            header.activeKeyID = new.ids[0]
            return true
        }
        store.release(.write)
        #expect(try await rotation.value.retired == old.ids)
        let report = try await Vault.open(base, keys: new).verify()
        #expect(report.records == 1 && report.damaged.isEmpty)
    }

    /// What happens between the reading of rows and the writing of their moves.
    enum Change: CaseIterable {
        case aRecordIsReplaced, theHeaderIsWritten, anotherRotationBegins
    }

    @Test(arguments: Change.allCases) func movesThatComeTooLate(_ change: Change) async throws {
        let (old, new, other) = (try fresh(), try fresh(), try fresh())
        let (first, second) = try await vaults(under: old, holding: new, other)
        for number in 1...5 { try await first.put(Secret("secret"), for: .numbered(number)) }
        store.hold(.scan)
        let rotation = Task { try await first.rotateMasterKey(to: new) }
        await store.waitUntilHeld(.scan)
        store.hold(.write)
        store.release(.scan)
        await store.waitUntilHeld(.write)
        switch change {
        case .aRecordIsReplaced: try await second.put(Secret("newer"), for: .numbered(3))
        case .theHeaderIsWritten: try await second.updateHeader { _ in true }
        case .anotherRotationBegins: _ = try await second.rotateMasterKey(to: other)
        }
        store.release(.write)
        let result = await rotation.result
        if change == .anotherRotationBegins {
            #expect(throws: VaultError(.conflict, "")) { try result.get() }
        } else {
            // The others of the batch are moved all the same, and nobody's newer key is undone.
            #expect(try result.get().onActiveKey == 5)
            #expect(try result.get().retired == old.ids)
        }
        let last = try await Vault.open(base, keys: change == .anotherRotationBegins ? other : new)
        let report = try await last.verify()
        #expect(report.records == 5 && report.damaged.isEmpty)
        let length = try await last.withSecret(.numbered(3)) { $0.byteCount }
        #expect(length == (change == .aRecordIsReplaced ? 5 : 6))
    }

    /// The passphrase would open the vault under a key that is no longer the active one.
    @Test func aPassphraseThatIsSetDuringARotationIsRefused() async throws {
        let (old, new) = (try fresh(), try fresh())
        _ = try await Vault.create(in: base, masterKey: old)
        var both = old
        both.add(new)
        let vault = try await Vault.open(store, keys: both)
        store.hold(.write)
        let setting = Task { try await vault.setPassphrase(Secret("correct horse")) }
        await store.waitUntilHeld(.write)
        _ = try await Vault.open(base, keys: both).rotateMasterKey(to: new)
        store.release(.write)
        await #expect(throws: VaultError(.conflict, "")) { try await setting.value }
        #expect(try await header().slots.isEmpty)
        try await vault.setPassphrase(Secret("correct horse"))
        _ = try await Vault.open(base, keys: PassphraseSource(try Secret("correct horse")))
    }

    @Test func aPassphraseAloneResumesARotationThatWasBrokenOff() async throws {
        let passphrase = try Secret("correct horse")
        let vault = try await Vault.create(in: store, passphrase: passphrase)
        try await vault.put(Secret("secret"), for: id)
        let new = try fresh()
        store.fail(.scan, with: StoreError(.full, "The disk is full."))
        await #expect(throws: VaultError(.store, "")) {
            try await vault.rotateMasterKey(to: new, passphrase: passphrase)
        }
        // Both keys are live, each in a slot of its own; the record is under the old one.
        let again = try await Vault.open(store, keys: PassphraseSource(passphrase))
        #expect(again.keys.ring.ids.count == 2 && again.keys.ring.ids[0] == new.ids[0])
        #expect(try await again.withSecret(id) { $0.byteCount } == 6)
        // Another passphrase would be the way to the new key alone, and the old one be lost.
        await #expect(throws: VaultError(.conflict, "")) { try await again.setPassphrase(Secret("battery staple")) }
        #expect(try await again.rotateMasterKey(to: new, passphrase: passphrase).retired.count == 1)
        #expect(try await header().slots.map(\.parameters.keyID) == new.ids)
    }

    @Test func aHeaderHasRoomForSixteenSlots() async throws {
        let passphrase = try Secret("correct horse")
        let vault = try await Vault.create(in: store, passphrase: passphrase)
        try await vault.updateHeader { header in
            header.slots = Array(repeating: header.slots[0], count: VaultHeader.maximumSlots)
            return true
        }
        let before = try await base.readHead()
        let new = try fresh()
        let error = await #expect(throws: VaultError.self) {
            try await vault.rotateMasterKey(to: new, passphrase: passphrase)
        }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("Too many rotations") == true)
        #expect(try await base.readHead() == before)
    }

    @Test func aHeaderThatNeverStandsStillIsGivenUp() async throws {
        let old = try fresh()
        let vault = try await Vault.create(in: store, masterKey: old)
        let new = try fresh()
        store.fail(.write, with: StoreError(.staleHeader, "Somebody was faster."), times: .max)
        await #expect(throws: VaultError(.conflict, "")) { try await vault.rotateMasterKey(to: new) }
        #expect(try await header().liveKeyIDs == old.ids)
        store.heal()
        #expect(try await vault.rotateMasterKey(to: new).retired == old.ids)
    }

    @Test func afterManyRotationsTheOldestRetiredKeyIsForgotten() async throws {
        let oldest = try fresh()
        let vault = try await Vault.create(in: store, masterKey: oldest)
        try await vault.put(Secret("secret"), for: id)
        var last = oldest
        for number in 1...VaultHeader.maximumKeys {
            if number == VaultHeader.maximumKeys {
                await #expect(throws: VaultError(.retiredMasterKey, "")) { try await Vault.open(base, keys: oldest) }
            }
            last = try fresh()
            _ = try await vault.rotateMasterKey(to: last)
        }
        let header = try await header()
        #expect(header.keys.count == VaultHeader.maximumKeys && header.liveKeyIDs == last.ids)
        // No longer known, and no more able to open it than before.
        await #expect(throws: VaultError(.wrongMasterKey, "")) { try await Vault.open(base, keys: oldest) }
        #expect(try await Vault.open(base, keys: last).withSecret(id) { $0.byteCount } == 6)
    }
}
