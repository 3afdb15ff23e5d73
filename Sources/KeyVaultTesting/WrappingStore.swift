package import KeyVaultFormat
package import KeyVaultStorage

/// A store that hands on to another one what it does not do itself.
package protocol WrappingStore: RecordStore {
    var base: any RecordStore { get }
}

extension WrappingStore {
    package var kind: String { base.kind }

    package func readHead() async throws(StoreError) -> StoreHead? { try await base.readHead() }

    package func create(header: [UInt8], generation: UInt64) async throws(StoreError) {
        try await base.create(header: header, generation: generation)
    }

    package func read(_ id: RecordID) async throws(StoreError) -> StoredRecord? { try await base.read(id) }

    package func read(_ key: RecordKey) async throws(StoreError) -> StoredRecord? { try await base.read(key) }

    package func scan(_ scope: ScanScope, after cursor: RecordKey?, limit: Int) async throws(StoreError)
        -> [StoredRecord]
    { try await base.scan(scope, after: cursor, limit: limit) }

    package func write(_ batch: WriteBatch) async throws(StoreError) { try await base.write(batch) }

    package func foreignChanges() async throws(StoreError) -> UInt64 { try await base.foreignChanges() }

    package func close() async { await base.close() }
}
