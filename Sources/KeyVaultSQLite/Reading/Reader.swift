import KeyVaultFormat
import KeyVaultStorage

/// A connection that only reads, with its statements.
///
/// `Sendable`, though the connection is not: a ``ReaderPool`` gives it to one caller at a time.
final class Reader: @unchecked Sendable {
    let records: RecordReads
    let scans: RecordScans
    let vault: VaultTable

    init(path: String, patience: Duration) throws(StoreError) {
        let connection = try Connection(path: path)
        try connection.execute("PRAGMA query_only = ON")
        // Somebody else's recovery of the log after a crash is all that a reader ever waits for.
        connection.setBusyTimeout(patience)
        records = try RecordReads(connection)
        scans = try RecordScans(connection)
        vault = try VaultTable(connection)
    }
}
