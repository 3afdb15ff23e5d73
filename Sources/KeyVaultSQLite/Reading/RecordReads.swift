import KeyVaultFormat
import KeyVaultStorage

/// The statements that read the table `records`.
struct RecordReads {
    private let current: Statement
    private let exact: Statement
    private let path: String

    init(_ connection: Connection) throws(StoreError) {
        path = connection.path
        let columns = "SELECT revision, \(Statement.boundedSealed) FROM records"
        let id = "tenant = ?1 AND provider = ?2 AND label = ?3"
        current = try connection.prepare("\(columns) WHERE \(id) ORDER BY revision DESC LIMIT 1")
        exact = try connection.prepare("\(columns) WHERE \(id) AND revision = ?4")
    }

    /// The row of `id` with the highest revision.
    func current(of id: RecordID) throws(StoreError) -> StoredRecord? {
        try current.withNames(of: id) { () throws(StoreError) in
            try current.step() ? current.record(of: id, from: 0, path: path) : nil
        }
    }

    func row(_ key: RecordKey) throws(StoreError) -> StoredRecord? {
        guard key.revision <= WriteBatch.maximumRevision else { return nil }
        exact.bind(Int64(clamping: key.revision), at: 4)
        return try exact.withNames(of: key.id) { () throws(StoreError) in
            try exact.step() ? exact.record(of: key.id, from: 0, path: path) : nil
        }
    }
}
