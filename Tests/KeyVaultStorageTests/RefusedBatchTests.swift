import KeyVaultFormat
import KeyVaultStorage
import TestSupport
import Testing

/// A batch whose last change is refused leaves nothing of those before it.
@Suite struct RefusedBatchTests {
    private let a: RecordID
    private let b: RecordID
    private let folder: TemporaryFolder

    init() throws {
        a = try RecordID(tenant: "acme", provider: "a")
        b = try RecordID(tenant: "acme", provider: "b")
        folder = try TemporaryFolder()
    }

    private func store(_ kind: String) async throws -> any RecordStore {
        let store: any RecordStore =
            kind == "file" ? try await FileStore.open(folder.file("log"), create: true) : MemoryStore()
        try await store.create(header: [1], generation: 1)
        try await store.write(
            WriteBatch(generation: 1, changes: [.insert(RecordKey(id: b, revision: 5), sealed: [5])]))
        return store
    }

    private func replace(_ revision: UInt64) -> RecordChange {
        .replace(
            RecordKey(id: a, revision: revision), sealed: [UInt8(revision)], replacing: revision - 1, commitment: nil,
            retained: nil)
    }

    @Test(arguments: ["memory", "file"]) func ofOneIDThatIsChangedAgainAndAgain(_ kind: String) async throws {
        let store = try await store(kind)
        let insertion = RecordChange.insert(RecordKey(id: a, revision: 1), sealed: [1])
        let refused = RecordChange.insert(RecordKey(id: b, revision: 6), sealed: [6])
        await #expect(throws: StoreError(.conflict, "")) {
            try await store.write(WriteBatch(generation: 1, changes: [insertion, replace(2), replace(3), refused]))
        }
        #expect(try await store.read(a) == nil)
        // It is as if nobody had tried.
        try await store.write(WriteBatch(generation: 1, changes: [insertion, replace(2)]))
        #expect(try await store.scan(.everything, after: nil, limit: 9).map(\.revision) == [2, 5])
        await store.close()
    }
}
