import CKeyVaultSQLite
import Foundation
import KeyVaultFormat

/// The files of a database, and what becomes of them in other hands.
struct DatabaseFiles {
    private static let page = 4096
    /// Where the header of a database has its numbers.
    private static let headerFields = [16, 18, 19, 20, 21, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60, 64, 68, 92, 96]

    var database: [UInt8]
    /// The write-ahead log; empty for none.
    var log: [UInt8]
    /// A rollback journal that somebody left beside the database; empty for none.
    var journal: [UInt8] = []

    init(in folder: String) throws {
        database = [UInt8](try Data(contentsOf: URL(filePath: folder + "/vault.db")))
        log = [UInt8]((try? Data(contentsOf: URL(filePath: folder + "/vault.db-wal"))) ?? Data())
    }

    func write(to folder: String) throws {
        for (name, bytes) in [("vault.db", database), ("vault.db-wal", log), ("vault.db-journal", journal)]
        where name == "vault.db" || !bytes.isEmpty {
            try Data(bytes).write(to: URL(filePath: folder + "/" + name))
        }
    }

    /// Whether SQLite finds no fault with it.
    func isSound() throws -> Bool {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try write(to: folder.path)
        var (handle, statement): (OpaquePointer?, OpaquePointer?)
        // The handle and the statement are closed on every way out, and used by nobody else; the text is copied before.
        defer { unsafe sqlite3_close(handle) }
        guard unsafe sqlite3_open(folder.path + "/vault.db", &handle) == SQLITE_OK else { return false }
        defer { unsafe sqlite3_finalize(statement) }
        guard unsafe sqlite3_prepare_v2(handle, "PRAGMA integrity_check(1)", -1, &statement, nil) == SQLITE_OK,
            unsafe sqlite3_step(statement) == SQLITE_ROW, let text = unsafe sqlite3_column_text(statement, 0)
        else { return false }
        return unsafe String(cString: text) == "ok"
    }

    /// One change: of bytes, of a page, of the header, of a page's own header, of the file's length.
    mutating func alter(_ source: inout ByteSource) {
        let choice = source.byte()
        var bytes = choice < 192 || log.isEmpty ? database : log
        defer { if choice < 192 || log.isEmpty { database = bytes } else { log = bytes } }
        guard !bytes.isEmpty else { return }
        let offset = (Int(source.byte()) << 8 | Int(source.byte())) % bytes.count
        switch choice % 8 {
        case 0: bytes[offset] ^= max(1, source.byte())
        case 1:
            for (index, byte) in source.bytes(Int(source.byte() % 64)).enumerated() where offset + index < bytes.count {
                bytes[offset + index] = byte
            }
        case 2: bytes.removeLast(bytes.count - offset)
        case 3: bytes.replacePage(at: offset / Self.page, with: bytes.page(at: Int(source.byte())))
        case 4: bytes.replacePage(at: offset / Self.page, with: [UInt8](repeating: source.byte(), count: Self.page))
        case 5:
            let field = Self.headerFields[offset % Self.headerFields.count]
            let value = source.bytes(4)
            for (index, byte) in value.enumerated() where field + index < bytes.count { bytes[field + index] = byte }
        case 6:
            // The header of a page's tree, and the first of its cells' places.
            let place = offset / Self.page * Self.page + (offset < Self.page ? 100 : 0) + offset % 24
            if place < bytes.count { bytes[place] = source.byte() }
        default:
            if choice < 128 {
                bytes += source.bytes(Int(source.byte()))
            } else {
                journal = [0xD9, 0xD5, 0x05, 0xF9, 0x20, 0xA1, 0x63, 0xD7] + source.bytes(Int(source.byte()))
            }
        }
    }

    /// One statement of a foreign tool, which may write what it likes into the schema.
    static func statement(_ source: inout ByteSource) -> String {
        let choice = source.byte()
        let (number, text) = (source.int64(), "CAST(x'\(source.bytes(Int(source.byte())).hexadecimal)' AS TEXT)")
        let table = choice < 128 ? "records" : "vault"
        return switch choice % 12 {
        case 0: "UPDATE sqlite_schema SET sql = \(text) WHERE name = '\(table)'"
        case 1: "UPDATE sqlite_schema SET rootpage = \(number) WHERE name = '\(table)'"
        case 2:
            """
            CREATE INDEX other ON \(table) (revision); \
            UPDATE sqlite_schema SET rootpage = \(number) WHERE name = 'other'
            """
        case 3: "INSERT INTO sqlite_schema VALUES ('table', \(text), \(text), \(number), \(text))"
        case 4: "PRAGMA user_version = \(number)"
        case 5: "PRAGMA application_id = \(number)"
        case 6: "PRAGMA journal_mode = DELETE"
        case 7: "CREATE TRIGGER other AFTER INSERT ON \(table) BEGIN DELETE FROM records; END"
        case 8: "DROP TABLE \(table)"
        case 9: "ALTER TABLE \(table) ADD COLUMN other \(number < 0 ? "TEXT" : "INT")"
        case 10: "UPDATE records SET sealed = (SELECT sealed FROM records LIMIT 1 OFFSET \(number))"
        default: "ALTER TABLE \(table) RENAME TO other; CREATE VIEW \(table) AS SELECT * FROM other"
        }
    }

    /// Runs SQL on the database in `folder`. That it fails is nothing to report: it may be nonsense.
    static func execute(_ sql: String, in folder: String) {
        var handle: OpaquePointer?
        // The handle is closed on every way out, and used by nobody else.
        guard unsafe sqlite3_open(folder + "/vault.db", &handle) == SQLITE_OK else { return }
        defer { unsafe sqlite3_close(handle) }
        _ = unsafe sqlite3_exec(handle, "PRAGMA writable_schema = ON; \(sql)", nil, nil, nil)
    }
}

extension [UInt8] {
    /// `number` goes round.
    fileprivate func page(at number: Int) -> [UInt8] {
        let start = number % Swift.max(1, count / 4096) * 4096
        return Array(self[start..<Swift.min(start + 4096, count)])
    }

    fileprivate mutating func replacePage(at number: Int, with page: [UInt8]) {
        let range = (number * 4096)..<Swift.min(number * 4096 + 4096, count)
        replaceSubrange(range, with: page.prefix(range.count))
    }
}
