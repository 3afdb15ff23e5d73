import KeyVaultFormat
import KeyVaultStorage
import KeyVaultTesting
import Testing

@Suite struct FaultInjectingStoreTests {
    private let store = FaultInjectingStore(MemoryStore())
    private let id: RecordID

    init() async throws {
        id = try RecordID(tenant: "acme", provider: "openai")
        try await store.create(header: [1])
    }

    private func insert() async throws(StoreError) {
        try await store.write(
            WriteBatch(generation: 1, changes: [.insert(RecordKey(id: id, revision: 1), sealed: [1])]))
    }

    @Test(arguments: StoreConformance.cases)
    func withoutFaultsItConforms(_ testCase: StoreConformance.Case) async throws {
        try await StoreConformance(size: 1_000) { _ in FaultInjectingStore(MemoryStore()) }.check(testCase)
    }

    @Test func failsAsOftenAsItIsToldAndCounts() async throws {
        store.fail(.write, with: StoreError(.full, "test"), times: 2)
        for _ in 0..<2 { await #expect(throws: StoreError(.full, "")) { try await insert() } }
        #expect(try await store.read(id) == nil)
        try await insert()
        #expect(store.calls(of: .write) == 3)
        store.fail(.write, with: StoreError(.full, "test"))
        store.heal()
        try await store.write(WriteBatch(generation: 1))
    }

    @Test func aWriteThatFailsAfterwardsHasHappened() async throws {
        store.fail(.write, .after, with: StoreError(.io, "test"))
        await #expect(throws: StoreError(.io, "")) { try await insert() }
        #expect(try await store.read(id) != nil)
    }

    @Test func aReadThatIsHeldAfterwardsGrowsOld() async throws {
        store.hold(.read, .after)
        let held = Task { [store, id] in try await store.read(id) }
        await store.waitUntilHeld(.read, .after)
        try await insert()
        store.release(.read, .after)
        #expect(try await held.value == nil)
        #expect(try await store.read(id) != nil)
    }

    @Test func aCallThatIsHeldBeforehandSeesWhatCameMeanwhile() async throws {
        store.hold(.read)
        let held = [1, 2].map { _ in Task { [store, id] in try await store.read(id) } }
        await store.waitUntilHeld(.read, count: 2)
        try await insert()
        store.release(.read)
        for task in held { #expect(try await task.value != nil) }
    }
}
