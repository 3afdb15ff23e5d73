import KeyVault

/// A store that breaks the contract of `scan`: none of its pages has more than a few rows.
struct ShortPageStore: RecordStore {
    let base: any RecordStore
    let longest: Int

    var kind: String { base.kind }
    func readHead() async throws(StoreError) -> StoreHead? { try await base.readHead() }
    func create(header: [UInt8], generation: UInt64) async throws(StoreError) {
        try await base.create(header: header, generation: generation)
    }
    func read(_ id: RecordID) async throws(StoreError) -> StoredRecord? { try await base.read(id) }
    func read(_ key: RecordKey) async throws(StoreError) -> StoredRecord? { try await base.read(key) }
    func scan(_ scope: ScanScope, after cursor: RecordKey?, limit: Int) async throws(StoreError) -> [StoredRecord] {
        try await base.scan(scope, after: cursor, limit: min(limit, longest))
    }
    func write(_ batch: WriteBatch) async throws(StoreError) { try await base.write(batch) }
    func foreignChanges() async throws(StoreError) -> UInt64 { try await base.foreignChanges() }
    func close() async { await base.close() }
}
