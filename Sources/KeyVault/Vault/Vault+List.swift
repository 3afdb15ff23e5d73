public import KeyVaultFormat
import KeyVaultStorage

extension Vault {
    /// What is known of the key stored for `id`, without the key.
    ///
    /// Given for expired and disabled keys too.
    ///
    /// - Throws: ``VaultError`` `notFound`, `damagedRecord`, `store`, …
    public func metadata(for id: RecordID) async throws(VaultError) -> RecordInfo {
        try checkOpen()
        try checkNotReserved(id)
        guard let record = try await openCurrent(id) else { throw .notFound(id) }
        return RecordInfo(id: id, revision: record.key.revision, metadata: record.metadata)
    }

    /// A page of the stored keys in the order of their ids, without the keys and without the vault's own records.
    ///
    /// A record that does not open is listed all the same.
    ///
    /// - Parameters:
    ///   - tenant: only this tenant's; `nil` for all.
    ///   - cursor: ``ListPage/next`` of the page before; `nil` for the first.
    ///   - limit: how many at the most, 1 to 1,000.
    public func list(
        tenant: String? = nil, after cursor: RecordID? = nil, limit: Int = 100
    ) async throws(VaultError) -> ListPage {
        try checkOpen()
        guard (1...1000).contains(limit) else {
            throw VaultError(.invalidArgument, "A page holds 1 to 1,000 records.")
        }
        if let tenant { do { try RecordID.checkTenant(tenant) } catch { throw VaultError(error) } }
        // The vault's own records are no keys, and never listed.
        guard tenant?.utf8.first != UInt8(ascii: "_") else { return ListPage(entries: [], next: nil) }
        let scope = tenant.map(ScanScope.currentOf) ?? .current
        let rows = try await VaultError.wrap { () async throws(StoreError) in
            try await store.scan(scope, after: cursor.map { RecordKey(id: $0, revision: .max) }, limit: limit)
        }
        var entries: [ListEntry] = []
        for row in rows where !row.id.isReserved {
            if let entry = try await entry(row) { entries.append(entry) }
        }
        return ListPage(entries: entries, next: rows.count == limit ? rows.last?.id : nil)
    }

    private func entry(_ row: StoredRecord) async throws(VaultError) -> ListEntry? {
        do throws(VaultError) {
            guard let record = try await openListed(row) else { return nil }
            return ListEntry(id: row.id, revision: record.key.revision, metadata: record.metadata, damage: nil)
        } catch {
            guard error.code == .damagedRecord || error.code == .missingMasterKey else { throw error }
            return ListEntry(id: row.id, revision: row.revision, metadata: nil, damage: error.message)
        }
    }
}
