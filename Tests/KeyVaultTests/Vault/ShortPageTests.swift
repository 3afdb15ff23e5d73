import KeyVault
import KeyVaultTesting
import Testing

/// On a store whose pages are too short, no walk over all rows misses one.
@Suite struct ShortPageTests {
    private let clock = ManualClock()
    private let store = ShortPageStore(base: MemoryStore(), longest: 2)
    private let old: MasterKeyRing
    private let vault: Vault
    private let ids: [RecordID]

    init() async throws {
        let clock = clock
        old = MasterKeyRing(try MasterKey.random())
        vault = try await Vault.create(
            in: store, masterKey: old, configuration: VaultConfiguration(clock: clock, date: { clock.date }))
        ids = try (0..<7).map { try RecordID(tenant: "acme", provider: "p\($0)") }
        for id in ids { try await vault.put(Secret("one"), for: id) }
        // Of each, one earlier revision: every other page ends between the two.
        for id in ids { try await vault.put([PutRequest(id, Secret("second"), keepPreviousFor: .seconds(60))]) }
    }

    /// Such a store is found out before it is used.
    @Test func theConformanceSuiteRefusesSuchAStore() async throws {
        let testCase = try #require(
            StoreConformance.cases.first { "\($0)".contains("its limit of rows, however long") })
        let suite = StoreConformance { _ in ShortPageStore(base: MemoryStore(), longest: 100) }
        let failure = await #expect(throws: ConformanceFailure.self) { try await suite.check(testCase) }
        #expect(failure?.clause == .scan)
        try await StoreConformance { _ in ShortPageStore(base: MemoryStore(), longest: .max) }.check(testCase)
    }

    @Test func aRotationMovesEveryRow() async throws {
        let new = MasterKeyRing(try MasterKey.random())
        let report = try await vault.rotateMasterKey(to: new)
        #expect(report.records == 14 && report.onActiveKey == 14 && report.retired.count == 1)
        let again = try await Vault.open(store, keys: new)
        for id in ids { #expect(try await again.withSecret(id) { $0.byteCount } == 6) }
    }

    @Test func aVerificationOpensEveryRow() async throws {
        let report = try await vault.verify()
        #expect(report.records == 7 && report.damaged.isEmpty && report.position?.id == ids[6])
    }

    @Test func aSweepTellsEarlierRevisionsFromCurrentOnes() async throws {
        #expect(try await vault.sweep().revisions == 0)
        clock.advance(by: .seconds(60))
        let report = try await vault.sweep()
        #expect(report.revisions == 7 && report.expired == 0)
    }

    @Test func aCopyHasEveryRow() async throws {
        let copy = ShortPageStore(base: MemoryStore(), longest: 2)
        #expect(try await vault.copy(to: copy).records == 7)
        let opened = try await Vault.open(copy, keys: old)
        for id in ids { #expect(try await opened.withSecret(id, revision: 1) { $0.byteCount } == 3) }
    }
}
