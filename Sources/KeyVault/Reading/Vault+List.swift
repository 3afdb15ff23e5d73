public import KeyVaultFormat
import KeyVaultStorage

extension Vault {
    /// What is known of the key stored for `id`, without the key.
    ///
    /// Given for expired and disabled keys too.
    ///
    /// - Throws: ``VaultError`` `notFound`, `damagedRecord`, `newerRecord`, `missingMasterKey`, `store`, …
    public func metadata(for id: RecordID) async throws(VaultError) -> RecordInfo {
        try checkOpen()
        try checkNotReserved(id)
        guard let record = try await openCurrent(id) else { throw .notFound(id) }
        return RecordInfo(id: id, revision: record.key.revision, metadata: record.metadata)
    }

    /// A page of the stored keys in the order of their ids, without the keys and without the vault's own records.
    ///
    /// A record that does not open is listed all the same (a damaged row of a `FileStore` ends every list: `store`). A page may hold fewer entries than `limit`, or none, and still have a
    /// ``ListPage/next``: read on until that is `nil`.
    ///
    /// - Parameters:
    ///   - tenant: only this tenant's; `nil` for all.
    ///   - cursor: ``ListPage/next`` of the page before; `nil` for the first.
    ///   - limit: how many at the most, 1 to 1,000.
    /// - Throws: ``VaultError`` `invalidArgument` for another limit and for what is no tenant's name, `store`, …
    public func list(
        tenant: String? = nil, after cursor: RecordID? = nil, limit: Int = 100
    ) async throws(VaultError) -> ListPage {
        try checkOpen()
        guard (1...1000).contains(limit) else {
            throw VaultError(.invalidArgument, "A page holds 1 to 1,000 records.")
        }
        let scope = try scope(of: tenant)
        // The vault's own records are no keys, and never listed.
        if let tenant, RecordID.isReserved(tenant: tenant) { return ListPage(entries: [], next: nil) }
        let rows = try await rows(scope, after: cursor.map(RecordKey.behind), limit: limit)
        var entries: [ListEntry] = []
        for row in rows where !row.id.isReserved {
            if let entry = try await entry(row) { entries.append(entry) }
        }
        return ListPage(entries: entries, next: rows.count == limit ? rows.last?.id : nil)
    }

    /// What a list says of `id`: for a record that does not open, too.
    ///
    /// - Throws: ``VaultError`` `notFound`, `store`, …
    public func entry(for id: RecordID) async throws(VaultError) -> ListEntry {
        do throws(VaultError) {
            let info = try await metadata(for: id)
            return ListEntry(id, revision: info.revision, info.metadata)
        } catch {
            guard error.isOfUnreadableRecord else { throw error }
            guard let row = try await row(of: id) else { throw .notFound(id) }
            return ListEntry(unreadable: row, error)
        }
    }

    private func entry(_ row: StoredRecord) async throws(VaultError) -> ListEntry? {
        do throws(VaultError) {
            guard let record = try await openListed(row) else { return nil }
            return ListEntry(row.id, revision: record.key.revision, record.metadata)
        } catch {
            guard error.isOfUnreadableRecord else { throw error }
            return ListEntry(unreadable: row, error)
        }
    }
}
