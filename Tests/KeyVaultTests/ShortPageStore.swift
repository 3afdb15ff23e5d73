import KeyVault
import KeyVaultTesting

/// A store that breaks the contract of `scan`: none of its pages has more than a few rows.
struct ShortPageStore: WrappingStore {
    let base: any RecordStore
    let longest: Int

    func scan(_ scope: ScanScope, after cursor: RecordKey?, limit: Int) async throws(StoreError) -> [StoredRecord] {
        try await base.scan(scope, after: cursor, limit: min(limit, longest))
    }
}
