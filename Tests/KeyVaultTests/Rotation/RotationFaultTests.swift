import KeyVault
import KeyVaultTesting
import Synchronization
import Testing

/// What goes wrong in the middle of a rotation: a clear error, nothing lost, and the next one ends it.
@Suite struct RotationFaultTests {
    private static let records = 600
    private let old: MasterKeyRing
    private let new: MasterKeyRing
    private let other: MasterKeyRing
    private let all: MasterKeyRing
    private let base = MemoryStore()
    private let store: FaultInjectingStore
    private let vault: Vault

    init() async throws {
        old = MasterKeyRing(try MasterKey.random())
        new = MasterKeyRing(try MasterKey.random())
        other = MasterKeyRing(try MasterKey.random())
        var ring = old
        ring.add(new)
        ring.add(other)
        all = ring
        store = FaultInjectingStore(base)
        _ = try await Vault.create(in: store, masterKey: old)
        vault = try await Vault.open(store, keys: all)
        try await vault.put(
            (0..<Self.records).map {
                PutRequest(try RecordID(tenant: "t", provider: "p", label: "\($0)"), try Secret("secret \($0)"))
            })
    }

    private func begin(_ vault: Vault, _ key: MasterKeyRing) -> Task<RotationReport, any Error> {
        Task { try await vault.rotateMasterKey(to: key) }
    }

    private func expectNothingLost(_ keys: MasterKeyRing) async throws {
        let vault = try await Vault.open(store, keys: keys)
        let report = try await vault.verify()
        #expect(report.records == Self.records)
        #expect(report.damaged.isEmpty)
    }

    private func expectAllUnder(_ key: MasterKeyRing) async throws {
        for row in try await store.scan(.everything, after: nil, limit: .max) {
            #expect(try SealedRecord(row.sealed).keyID == key.ids[0])
        }
        try await expectNothingLost(key)
    }

    /// Writes: the header, three batches, the header.
    @Test(arguments: 0..<5) func aFullDiskEndsItAndItGoesOnWhenThereIsRoom(writes: Int) async throws {
        store.fail(.write, with: StoreError(.full, "The disk is full."), skipping: writes, times: .max)
        let error = await #expect(throws: VaultError.self) { try await vault.rotateMasterKey(to: new) }
        #expect(error?.code == .store)
        #expect((error?.cause as? StoreError)?.code == .full)
        // Readers do not notice.
        let id = try RecordID(tenant: "t", provider: "p", label: "599")
        #expect(try await vault.withSecret(id) { $0.byteCount } == 10)
        try await expectNothingLost(all)
        store.heal()
        let report = try await vault.rotateMasterKey(to: new)
        #expect(report.onActiveKey == Self.records)
        #expect(report.retired == old.ids)
        try await expectAllUnder(new)
    }

    /// The key of a rotation that never came to be is held, and named by nobody.
    @Test func aKeyThatWasNeverRotatedToIsNoReasonToDoubtTheVault() async throws {
        let vault = try await Vault.open(store, keys: old)
        store.fail(.write, with: StoreError(.full, "The disk is full."))
        await #expect(throws: VaultError(.store, "")) { try await vault.rotateMasterKey(to: other) }
        _ = try await vault.rotateMasterKey(to: new)
        #expect(await vault.health().store == .connected)
        #expect(try await vault.copy(to: MemoryStore()).records == Self.records)
        // Another process changes the header; the source knows the old key only.
        try await Vault.open(store, keys: new).setPassphrase(Secret("correct horse"))
        try await vault.put(Secret("one"), for: RecordID(tenant: "t", provider: "p"))
    }

    /// A batch is on its way when the next page cannot be read.
    @Test func nothingIsWrittenAnyMoreOnceItHasFailed() async throws {
        let slow = SlowlyWrittenStore(base)
        let failing = FaultInjectingStore(slow)
        let vault = try await Vault.open(failing, keys: all)
        failing.fail(.scan, with: StoreError(.io, "The disk is gone."), skipping: 1)
        await #expect(throws: VaultError(.store, "")) { try await vault.rotateMasterKey(to: new) }
        #expect(slow.underWay == 0)
        #expect(failing.calls(of: .write) == 2)
    }

    @Test func twoAtOnceToTheSameKeyEndBoth() async throws {
        let second = try await Vault.open(store, keys: all)
        store.hold(.write)
        let one = begin(vault, new)
        let two = begin(second, new)
        await store.waitUntilHeld(.write, count: 2)
        store.release(.write)
        for report in [try await one.value, try await two.value] {
            #expect(report.failed.isEmpty)
            #expect(report.onActiveKey == Self.records)
        }
        try await expectAllUnder(new)
    }

    @Test func twoAtOnceToDifferentKeysEndOneAndLoseNothing() async throws {
        let second = try await Vault.open(store, keys: all)
        // The first has listed its key and is about to move rows when the second one begins.
        store.hold(.scan)
        let one = begin(vault, new)
        await store.waitUntilHeld(.scan)
        let two = begin(second, other)
        await store.waitUntilHeld(.scan, count: 2)
        store.release(.scan)
        let report = try await two.value
        #expect(report.retired.count == 2)
        await #expect(throws: VaultError(.conflict, "")) { try await one.value }
        try await expectAllUnder(other)
    }

    /// It finds all rows under a key of which the header that it knows says nothing.
    @Test func aRotationThatSleptThroughAnotherSaysSo() async throws {
        let second = try await Vault.open(base, keys: all)
        store.hold(.scan)
        let one = begin(vault, new)
        await store.waitUntilHeld(.scan)
        let report = try await second.rotateMasterKey(to: other)
        #expect(report.retired.count == 2)
        store.release(.scan)
        await #expect(throws: VaultError(.conflict, "")) { try await one.value }
        try await expectAllUnder(other)
    }

    @Test func aDryRunThatSleptThroughAnotherCallsNoRowDamaged() async throws {
        let second = try await Vault.open(base, keys: all)
        var known = old
        known.add(other)
        let first = try await Vault.open(store, keys: known)
        store.hold(.scan)
        let dryRun = Task { try await first.rotateMasterKey(to: new, dryRun: true) }
        await store.waitUntilHeld(.scan)
        _ = try await second.rotateMasterKey(to: other)
        store.release(.scan)
        let report = try await dryRun.value
        #expect(report.failed.isEmpty)
        #expect(report.records == Self.records && report.rewrapped == Self.records)
    }

    /// By a vault that was opened with the old key alone, as README shows.
    @Test func aRotationWhoseFirstWriteHappenedThoughItFailedCanBeGoneOnWith() async throws {
        let simple = try await Vault.open(store, keys: old)
        store.fail(.write, .after, with: StoreError(.io, "The connection is gone."))
        await #expect(throws: VaultError(.store, "")) { try await simple.rotateMasterKey(to: new) }
        #expect(try await simple.rotateMasterKey(to: new).onActiveKey == Self.records)
        try await expectAllUnder(new)
    }

    @Test func theLaterOfTwoCanBeEndedByWhoeverHoldsItsKey() async throws {
        let second = try await Vault.open(store, keys: all)
        store.hold(.scan)
        let one = begin(vault, new)
        await store.waitUntilHeld(.scan)
        let two = begin(second, other)
        await store.waitUntilHeld(.scan, count: 2)
        // Both die here, the second one for want of room.
        store.fail(.write, with: StoreError(.full, "The disk is full."), times: 2)
        store.release(.scan)
        await #expect(throws: VaultError.self) { try await two.value }
        await #expect(throws: VaultError.self) { try await one.value }
        store.heal()
        try await expectNothingLost(all)
        let report = try await Vault.open(store, keys: all).rotateMasterKey(to: other)
        #expect(report.onActiveKey == Self.records)
        try await expectAllUnder(other)
    }

    @Test func aProcessThatIsNotToldOfANewKeySaysWhichOneItNeeds() async throws {
        let ignorant = try await Vault.open(store, keys: old)
        store.hold(.scan)
        let rotation = begin(vault, new)
        await store.waitUntilHeld(.scan)
        let id = try RecordID(tenant: "t", provider: "p", label: "0")
        let error = await #expect(throws: VaultError.self) { try await ignorant.put(Secret("late"), for: id) }
        #expect(error?.code == .missingMasterKey)
        #expect(error?.message.contains(new.ids[0].short) == true)
        store.release(.scan)
        _ = try await rotation.value
        try await expectAllUnder(new)
    }

    @Test func aRecordThatWasDeletedAndMadeAgainIsNotBroughtBack() async throws {
        let id = try RecordID(tenant: "t", provider: "p", label: "5")
        let second = try await Vault.open(store, keys: all)
        let stale = try #require(try await store.read(id))
        store.hold(.scan, .after)
        let rotation = begin(vault, new)
        await store.waitUntilHeld(.scan, .after)
        // The rotation has read the row and not moved it yet.
        try await second.delete(id)
        try await second.put(Secret("made again"), for: id)
        store.release(.scan, .after)
        _ = try await rotation.value
        let now = try #require(try await store.read(id))
        #expect(now.revision > stale.revision)
        #expect(try await vault.withSecret(id) { $0.byteCount } == 10)
        // Nor by hand: the row that the rewrap was made for is not there any more.
        let generation = try #require(try await store.readHead()).generation
        for revision in [stale.revision, now.revision] {
            let rewrap = RecordChange.rewrap(
                RecordKey(id: id, revision: revision), sealed: stale.sealed,
                commitment: Array(stale.sealed[SealedRecord.commitmentRange]))
            await #expect(throws: StoreError(.conflict, "")) {
                try await store.write(WriteBatch(generation: generation, changes: [rewrap]))
            }
        }
        try await expectAllUnder(new)
    }

    @Test func rotationsThatNeverEndAreRefusedBeforeTheHeaderIsFull() async throws {
        let store = FaultInjectingStore(MemoryStore())
        var ring = MasterKeyRing(try MasterKey.random())
        _ = try await Vault.create(in: store, masterKey: ring)
        let id = try RecordID(tenant: "t", provider: "p")
        try await Vault.open(store, keys: ring).put(Secret("x"), for: id)
        for number in 1...64 {
            let next = MasterKeyRing(try MasterKey.random())
            ring.add(next)
            let vault = try await Vault.open(store, keys: ring)
            // The key is listed; then the rows cannot be read.
            store.fail(.scan, with: StoreError(.io, "injected"))
            let error = await #expect(throws: VaultError.self) { try await vault.rotateMasterKey(to: next) }
            #expect(error?.code == (number < 64 ? .store : .invalidArgument))
            store.heal()
        }
        // The last one that was begun is the way out.
        let vault = try await Vault.open(store, keys: ring)
        let active = try StoredHeader(try #require(try await store.readHead()).header).header.activeKeyID
        #expect(active == ring.ids[63])
        try await vault.put(Secret("xy"), for: id)
        #expect(try await vault.withSecret(id) { $0.byteCount } == 2)
    }
}

/// A store whose writes take their time.
private final class SlowlyWrittenStore: WrappingStore {
    let base: any RecordStore
    private let count = Atomic(0)

    init(_ base: MemoryStore) { self.base = base }

    /// How many have begun and not ended.
    var underWay: Int { count.load(ordering: .acquiring) }

    func write(_ batch: WriteBatch) async throws(StoreError) {
        count.add(1, ordering: .releasing)
        defer { count.subtract(1, ordering: .releasing) }
        for _ in 0..<1_000 { await Task.yield() }
        try await base.write(batch)
    }
}
