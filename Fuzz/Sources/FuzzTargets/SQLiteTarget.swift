import CKeyVaultSQLite
import KeyVaultFormat
import KeyVaultSQLite
import KeyVaultStorage

/// Rows that somebody else wrote into the database: each comes as it is or gives a typed error, the same twice, the others
/// stay readable, and every row with a name can be deleted.
///
/// An input is a byte for the head, then rows: three names behind their lengths, a revision, and how many sealed bytes.
struct SQLiteTarget: FuzzTarget {
    let name = "sqlite"

    var seeds: [[UInt8]] {
        let names: [UInt8] = [4] + "acme".utf8 + [6] + "openai".utf8 + [1] + "x".utf8
        return [
            [0] + names + [1, 3, 3] + names + [2, 3, 3], [1, 5] + names + [1, 3, 3], [2, 128] + names + [0, 3, 3],
            [4, 200] + names + [127, 255, 11], [0, 0, 1, 0xFF, 1, 0x2F, 1, 3, 3],
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
        if case .success(let rows) = scanned {
            try Finding.require(zip(rows, rows.dropFirst()).allSatisfy { $0.key < $1.key }, "out of order")
            for row in rows { try Finding.require(try await store.read(row.key) == row, "scanned, and not read") }
            // A head that is damaged takes no writes.
            guard let head = try? await store.readHead(), head.revisionFloor < UInt64(Int64.max) else {
                return await store.close()
            }
            for id in Set(rows.map(\.id)) {
                try await store.write(
                    WriteBatch(generation: head.generation, changes: [.delete(id, revision: nil)]))
                try Finding.require(try await store.read(id) == nil, "deleted, and still there")
            }
        } else if case .failure(let error) = scanned {
            try Finding.require(error.code == .corrupt, "another error: \(error)")
        }
        await store.close()
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
}
