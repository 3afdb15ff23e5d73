import KeyVault
import Synchronization

/// A store whose whole content somebody else can exchange while a vault has it open.
final class ExchangeableStore: RecordStore {
    private let current: Mutex<any RecordStore>
    private let noted = Mutex<UInt64>(0)

    init(_ store: some RecordStore) { current = Mutex(store) }

    /// Looks like another process's write from now on.
    func noteForeignChange() { noted.withLock { $0 += 1 } }

    func exchange(for store: some RecordStore) { current.withLock { $0 = store } }

    private var store: any RecordStore { current.withLock { $0 } }

    var kind: String { store.kind }
    func readHead() async throws(StoreError) -> StoreHead? { try await store.readHead() }
    func create(header: [UInt8], generation: UInt64) async throws(StoreError) {
        try await store.create(header: header, generation: generation)
    }
    func read(_ id: RecordID) async throws(StoreError) -> StoredRecord? { try await store.read(id) }
    func read(_ key: RecordKey) async throws(StoreError) -> StoredRecord? { try await store.read(key) }
    func scan(_ scope: ScanScope, after cursor: RecordKey?, limit: Int) async throws(StoreError) -> [StoredRecord] {
        try await store.scan(scope, after: cursor, limit: limit)
    }
    func write(_ batch: WriteBatch) async throws(StoreError) { try await store.write(batch) }
    func foreignChanges() async throws(StoreError) -> UInt64 {
        try await store.foreignChanges() + noted.withLock { $0 }
    }
    func close() async { await store.close() }
}

extension RecordStore {
    /// A copy of every row under another header: what somebody makes who can write to the disk.
    func copy(header: [UInt8], generation: UInt64) async throws -> MemoryStore {
        let copy = MemoryStore()
        try await copy.create(header: header, generation: generation)
        for row in try await scan(.everything, after: nil, limit: .max) {
            try await copy.write(WriteBatch(generation: generation, changes: [.insert(row.key, sealed: row.sealed)]))
        }
        return copy
    }
}
