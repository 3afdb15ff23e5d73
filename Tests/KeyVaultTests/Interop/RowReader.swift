import KeyVaultFormat
import KeyVaultStorage

/// Opens every row of a store, those included that a vault does not serve.
struct RowReader {
    /// What a row is and holds.
    struct Row: Hashable {
        let kind: InteropRow.Kind
        let contents: InteropRow.Contents?

        init(_ row: InteropRow) { (kind, contents) = (row.kind ?? .current, row.contents) }
    }

    let vaultID: VaultID
    let masterKey: [UInt8]

    func rows(of store: some RecordStore) async throws -> [RecordKey: Row] {
        var stored: [StoredRecord] = []
        while true {
            let page = try await store.scan(.everything, after: stored.last?.key, limit: 500)
            if page.isEmpty { break }
            stored += page
        }
        var rows: [RecordKey: Row] = [:]
        for (index, one) in stored.enumerated() {
            var row = InteropRow(one.id)
            row.revision = one.revision
            row.kind = index + 1 < stored.count && stored[index + 1].id == one.id ? .retained : .current
            row.vaultID = HexBytes(bytes: vaultID.bytes)
            row.masterKey = HexBytes(bytes: masterKey)
            row.record = HexBytes(bytes: one.sealed)
            let contents = try row.opened()
            (row.metadata, row.secret) = (contents.metadata, contents.secret)
            rows[one.key] = Row(row)
        }
        return rows
    }
}
