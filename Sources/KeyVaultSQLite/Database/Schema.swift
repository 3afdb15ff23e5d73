import KeyVaultStorage

/// What a database of ours looks like (SPEC.md section 7.1), and how an earlier one becomes it.
enum Schema {
    /// `KVLT`.
    static let applicationID: Int64 = 0x4B56_4C54
    static var version: Int64 { Int64(migrations.count) }

    static let vaultTable = """
        CREATE TABLE vault (singleton INTEGER PRIMARY KEY CHECK (singleton = 1), header BLOB NOT NULL, \
        generation INTEGER NOT NULL, revision_floor INTEGER NOT NULL) STRICT
        """
    static let recordsTable = """
        CREATE TABLE records (tenant TEXT NOT NULL, provider TEXT NOT NULL, label TEXT NOT NULL, \
        revision INTEGER NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (tenant, provider, label, revision)) \
        STRICT, WITHOUT ROWID
        """

    /// The step at index n leads from version n to n + 1.
    private static let migrations = ["\(vaultTable); \(recordsTable)"]

    /// What a file holds, as far as a look tells.
    enum Finding {
        /// Nothing at all: no table, no number.
        case empty
        /// Ours, and at an earlier version, or in another journal mode.
        case outdated
        case current
    }

    /// Looks at a database and changes nothing in it.
    ///
    /// - Throws: ``StoreError`` `foreign`, `newer`, `corrupt`.
    static func inspect(_ connection: Connection) throws(StoreError) -> Finding {
        // As of one point in time: somebody else may be making it just now.
        try connection.execute("BEGIN")
        defer { try? connection.execute("COMMIT") }
        let (application, found) = (try number("application_id", in: connection), try version(of: connection))
        let isBlank = if found == 0 { try connection.integer("SELECT count(*) FROM sqlite_schema") == 0 } else { false }
        if application == 0, isBlank {
            try checkEncoding(of: connection)
            return .empty
        }
        guard application == applicationID else {
            throw StoreError(
                .foreign,
                "\(connection.path) is a database of another application (application_id \(application)). Check the path."
            )
        }
        guard found >= 1 || isBlank else {
            throw StoreError(
                .corrupt,
                "\(connection.path) says that it is of schema \(found), which there is none of. Restore a backup.")
        }
        guard found <= version else {
            throw StoreError(
                .newer,
                "\(connection.path) was written by a later release (schema \(found); this one knows \(version)). Upgrade."
            )
        }
        try checkEncoding(of: connection)
        guard found == version else { return .outdated }
        try check("vault", is: vaultTable, in: connection)
        try check("records", is: recordsTable, in: connection)
        return try connection.text("PRAGMA journal_mode") == "wal" ? .current : .outdated
    }

    /// Makes an empty or an earlier database a current one. Held under the lock: two may try at once.
    static func migrate(_ connection: Connection) throws(StoreError) {
        guard try connection.text("PRAGMA journal_mode = WAL") == "wal" else {
            throw StoreError(
                .io, "\(connection.path) lies where SQLite has no write-ahead log. Put it on a local file system.")
        }
        try connection.execute("BEGIN IMMEDIATE")
        do throws(StoreError) {
            let found = try version(of: connection)
            for step in migrations.dropFirst(Int(clamping: max(0, found))) { try connection.execute(step) }
            try connection.execute("PRAGMA application_id = \(applicationID); PRAGMA user_version = \(version); COMMIT")
        } catch {
            try? connection.execute("ROLLBACK")
            throw error
        }
    }

    /// In another one names would have another order than that of their bytes. It is that of the first thing written, for good.
    private static func checkEncoding(of connection: Connection) throws(StoreError) {
        guard try connection.text("PRAGMA encoding") == "UTF-8" else {
            throw StoreError(
                .corrupt,
                "\(connection.path) does not hold its text as UTF-8. Restore it from a backup, or choose another path.")
        }
    }

    private static func version(of connection: Connection) throws(StoreError) -> Int64 {
        try number("user_version", in: connection)
    }

    private static func number(_ pragma: String, in connection: Connection) throws(StoreError) -> Int64 {
        try connection.integer("PRAGMA \(pragma)") ?? 0
    }

    /// Another collation, or a table that takes values of any type, would undo what the store relies on.
    private static func check(_ table: String, is expected: String, in connection: Connection) throws(StoreError) {
        let found = try connection.text("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = '\(table)'")
        guard let found, bare(found) == bare(expected) else {
            throw StoreError(
                .corrupt,
                "The table \(table) of \(connection.path) is not the one that this release made. Restore a backup.")
        }
    }

    private static func bare(_ sql: String) -> String { sql.lowercased().filter { !$0.isWhitespace } }
}
