import KeyVaultFormat
import KeyVaultStorage

extension Statement {
    /// What stands for `sealed` in a SELECT. Bytes that are longer than any sealed record are not even loaded, and come
    /// as none: such a row cannot be opened, but it can be listed, reported and deleted like any other damaged one.
    static let boundedSealed =
        "CASE WHEN length(sealed) <= \(SealedRecord.maximumLength) THEN sealed ELSE x'' END"

    /// The revision and the sealed bytes in the two columns from `column` on, as a row of `id`.
    func record(of id: RecordID, from column: Int32, path: String) throws(StoreError) -> StoredRecord {
        guard let revision = integer(column), revision >= 1 else {
            throw StoreError(
                .corrupt,
                "\(id) has a row in \(path) whose revision is no revision. Restore a backup, or delete the record.")
        }
        return StoredRecord(key: RecordKey(id: id, revision: UInt64(revision)), sealed: blob(column + 1) ?? [])
    }

    /// A row of five columns: the names, the revision, the sealed bytes.
    func record(path: String) throws(StoreError) -> StoredRecord {
        guard let id = names() else {
            let names = (text(0) ?? "?", text(1) ?? "?", text(2) ?? "?")
            throw StoreError(
                .corrupt,
                """
                A row in \(path) has a name that is none: tenant \(names.0.debugDescription.prefix(99)), provider \
                \(names.1.debugDescription.prefix(99)), label \(names.2.debugDescription.prefix(99)). Records are still \
                read by their names. Restore a backup, or remove the row: sqlite3 PATH, DELETE FROM records WHERE ….
                """)
        }
        return try record(of: id, from: 3, path: path)
    }
}
