import CKeyVaultSQLite
import KeyVaultFormat
import KeyVaultSQLite
import KeyVaultStorage

/// Rows that somebody else wrote into the database: each comes as it is or gives a typed error, the same twice, the
/// others stay readable, and every row with the name of a record can be deleted, whatever lies beside it.
///
/// An input is a byte for the head, then rows: three names behind their lengths, a revision, and how many sealed bytes.
struct SQLiteTarget: FuzzTarget {
    let name = "sqlite"

    var seeds: [[UInt8]] {
        let names: [UInt8] = [4] + "acme".utf8 + [6] + "openai".utf8 + [1] + "x".utf8
        return [
            [0] + names + [1, 3, 3] + names + [2, 3, 3], [1, 5] + names + [1, 3, 3], [2, 128] + names + [0, 3, 3],
            [4, 200] + names + [127, 255, 11], [0, 0, 1, 0xFF, 1, 0x2F, 1, 3, 3],
            // A revision that is none; and the same beside a sound row of the same record, and beside names that are none.
            [0] + names + [1, 3, 255],
            [0] + names + [1, 3, 255] + names + [1, 3, 3] + [0, 1, 0xFF, 1, 0x2F, 1, 3, 3],
        ]
    }

    func run(_ input: [UInt8]) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let good = StoredRecord(key: RecordKey(id: try RecordID("good/openai"), revision: 1), sealed: [1, 2, 3])
        let path = folder.path + "/vault.db"
        let store = try await SQLiteStore.open(path, create: true)
        try await store.create(header: [1])
        try await store.write(WriteBatch(generation: 1, changes: [.insert(good.key, sealed: good.sealed)]))

        var source = ByteSource(input)
        let head = source.byte()
        try Self.execute(try Self.statements(&source, head: head), on: path)

        try Finding.require(try await store.read(good.key) == good, "a sound row is not readable any more")
        let scanned = await Self.scan(store)
        try Finding.require(await Self.scan(store) == scanned, "scanned twice, and not the same")
        let names = try Self.names(in: path)
        if case .success(let rows) = scanned {
            try Finding.require(zip(rows, rows.dropFirst()).allSatisfy { $0.key < $1.key }, "out of order")
            try Finding.require(rows.map(\.id) == names, "a row was left out in silence")
            for row in rows { try Finding.require(try await store.read(row.key) == row, "scanned, and not read") }
        } else if case .failure(let error) = scanned {
            try Finding.require(error.code == .corrupt, "another error: \(error)")
        }
        try await Self.deleteAll(names.compactMap(\.self), from: store, path)
        await store.close()
    }

    /// Deletes every record by its name, beside rows that have none.
    private static func deleteAll(_ ids: [RecordID], from store: SQLiteStore, _ path: String) async throws {
        let generation: UInt64
        do { generation = try await store.readHead()?.generation ?? 0 } catch {
            // A head that is damaged takes no writes.
            return try Finding.require(error.code == .corrupt, "another error: \(error)")
        }
        for id in Set(ids) {
            try await store.write(WriteBatch(generation: generation, changes: [.delete(id, revision: nil)]))
            try Finding.require(try await store.read(id) == nil, "deleted, and still there")
        }
        try Finding.require(try names(in: path).allSatisfy { $0 == nil }, "deleted, and a row is left")
    }

    private static func scan(_ store: SQLiteStore) async -> Result<[StoredRecord], StoreError> {
        do throws(StoreError) {
            return .success(try await store.scan(.everything, after: nil, limit: 1000))
        } catch { return .failure(error) }
    }

    /// SQL that a foreign tool could run.
    private static func statements(_ source: inout ByteSource, head: UInt8) throws -> String {
        var sql = "BEGIN;"
        if head & 1 == 1 { sql += "UPDATE vault SET revision_floor = \(source.int64());" }
        if head & 2 == 2 { sql += "UPDATE vault SET generation = \(source.int64());" }
        if head & 4 == 4 { sql += "UPDATE vault SET header = zeroblob(\(Int(source.byte()) << 10));" }
        for _ in 0..<8 where !source.isAtEnd {
            let names = (0..<3).map { _ in "CAST(x'\(source.bytes(Int(source.byte())).hexadecimal)' AS TEXT)" }
            let sealed = Int(source.byte()) << Int(source.byte() % 12)
            sql += "INSERT OR REPLACE INTO records VALUES (\(names.joined(separator: ",")), \(source.int64()), "
            sql += "zeroblob(\(sealed)));"
        }
        return sql + "COMMIT"
    }

    private static func execute(_ sql: String, on path: String) throws {
        var handle: OpaquePointer?
        // The handle is closed on every way out, and used by nobody else.
        guard unsafe sqlite3_open(path, &handle) == SQLITE_OK else { throw Finding("the database cannot be opened") }
        defer { unsafe sqlite3_close(handle) }
        guard unsafe sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw Finding("SQL failed: \(sql)") }
    }

    /// Whose each row is, as SQLite itself has them, in their order; `nil` for a row with a name that no record has.
    private static func names(in path: String) throws -> [RecordID?] {
        var (handle, statement): (OpaquePointer?, OpaquePointer?)
        // The handle and the statement are closed on every way out, and used by nobody else.
        defer { unsafe sqlite3_close(handle) }
        guard unsafe sqlite3_open(path, &handle) == SQLITE_OK else { throw Finding("the database cannot be opened") }
        defer { unsafe sqlite3_finalize(statement) }
        let sql = "SELECT tenant, provider, label FROM records ORDER BY tenant, provider, label, revision"
        guard unsafe sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK else {
            throw Finding("SQL failed: \(sql)")
        }
        var names: [RecordID?] = []
        while unsafe sqlite3_step(statement) == SQLITE_ROW {
            // Copied before the next step.
            let encoded = (Int32(0)..<3).flatMap { (column: Int32) -> [UInt8] in
                let bytes = unsafe UnsafeRawBufferPointer(
                    start: sqlite3_column_blob(statement, column), count: Int(sqlite3_column_bytes(statement, column)))
                return unsafe [UInt8(bytes.count)] + bytes
            }
            names.append(RecordID(encoded: encoded))
        }
        return names
    }
}
