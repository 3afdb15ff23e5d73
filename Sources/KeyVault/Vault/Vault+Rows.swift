import KeyVaultFormat
import KeyVaultStorage

/// How the vault asks its store for rows: for one, for a page, for all of them.
extension Vault {
    /// How many rows are fetched at a time where all are walked over.
    static var pageSize: Int { 256 }

    /// The current row of `id`, under the name that was asked for, whatever the store calls it: a record that was moved does not
    /// open then (SPEC.md section 3.2).
    func row(of id: RecordID) async throws(VaultError) -> StoredRecord? {
        let row: StoredRecord?
        do throws(StoreError) { row = try await store.read(id) } catch { throw VaultError(error) }
        return row.map { StoredRecord(key: RecordKey(id: id, revision: $0.revision), sealed: $0.sealed) }
    }

    /// The row at `key`, likewise.
    func row(at key: RecordKey) async throws(VaultError) -> StoredRecord? {
        let row: StoredRecord?
        do throws(StoreError) { row = try await store.read(key) } catch { throw VaultError(error) }
        return row.map { StoredRecord(key: key, sealed: $0.sealed) }
    }

    /// A page of rows.
    func rows(_ scope: ScanScope, after cursor: RecordKey?, limit: Int = pageSize) async throws(VaultError)
        -> [StoredRecord]
    {
        do throws(StoreError) {
            return try await store.scan(scope, after: cursor, limit: limit)
        } catch { throw VaultError(error) }
    }

    /// That of the current rows of `tenant`, which is checked; of all tenants but the vault's own where it is `nil`.
    func scope(of tenant: String?) throws(VaultError) -> ScanScope {
        guard let tenant else { return .current }
        do { try RecordID.checkTenant(tenant) } catch { throw VaultError(error) }
        return .currentOf(tenant: tenant)
    }

    /// Walks over the current rows of `tenant`.
    func forEachCurrentRow(
        of tenant: String, _ body: (StoredRecord) async throws(VaultError) -> Void
    ) async throws(VaultError) {
        let scope = try scope(of: tenant)
        var cursor: RecordKey?
        while true {
            let page = try await rows(scope, after: cursor)
            for row in page { try await body(row) }
            guard page.count == Self.pageSize, let last = page.last else { return }
            cursor = .behind(last.id)
        }
    }

    /// Walks over every row in pages, and says of each whether it is the current one of its id.
    func forEachRow(
        after position: RecordKey? = nil, _ body: (StoredRecord, RecordKind) async throws(VaultError) -> Void,
        page pageDone: () async throws(VaultError) -> Void
    ) async throws(VaultError) {
        var cursor = position
        while true {
            try checkOpen()
            guard !Task.isCancelled else { throw VaultError(.cancelled, "The task was cancelled.") }
            // One row more than the page: whether a row is its id's last shows in the next one.
            var page = try await rows(.everything, after: cursor, limit: Self.pageSize + 1)
            let count = min(page.count, Self.pageSize)
            if page.count == count, let last = page.last {
                // Whoever walks over all rows proves something by it, such as that a master key is needed no more: a store that
                // gives a short page too early must not hide the rest.
                page += try await rows(.everything, after: last.key, limit: 1)
            }
            for (index, row) in page.prefix(count).enumerated() {
                let isCurrent = index + 1 == page.count || page[index + 1].id != row.id
                try await body(row, isCurrent ? .current : .retained)
                cursor = row.key
            }
            try await pageDone()
            guard page.count > count else { return }
        }
    }
}

extension RecordKey {
    /// The place behind all revisions of `id`, those included that are put while a list goes on.
    static func behind(_ id: RecordID) -> RecordKey { RecordKey(id: id, revision: .max) }
}
