import Glibc
import KeyVaultStorage
import TestSupport
import Testing

@testable import KeyVaultSQLite

@Suite struct ConnectionTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func connection(_ name: String) throws -> Connection {
        try runSQL("CREATE TABLE t (x); INSERT INTO t VALUES (zeroblob(100000))", on: folder.file(name))
        return try Connection(path: folder.file(name))
    }

    @Test func aValueOfAnotherTypeIsNone() throws {
        let connection = try connection("some.db")
        #expect(try connection.integer("SELECT 7") == 7 && connection.text("SELECT '7'") == "7")
        for value in ["'7'", "7.5", "NULL", "x'07'", "1 WHERE 0"] {
            #expect(try connection.integer("SELECT \(value)") == nil)
        }
        for value in ["7", "NULL", "x'37'", "'7' WHERE 0", "CAST(x'FF' AS TEXT)"] {
            #expect(try connection.text("SELECT \(value)") == nil)
        }
    }

    @Test func namesTheLibraryThatItRunsOn() throws {
        #expect(try connection("some.db").text("SELECT sqlite_version()") == SQLiteStore.libraryVersion)
    }

    @Test func aDatabaseIsNotCopiedIntoItself() throws {
        let connection = try connection("some.db")
        let error = #expect(throws: StoreError.self) { _ = try connection.beginBackup(from: connection).total }
        #expect(error?.message.contains("distinct") == true, "\(String(describing: error))")
    }

    @Test func aCopyThatCannotWriteSaysSo() throws {
        let (source, target) = (try connection("some.db"), try connection("other.db"))
        let other = try Connection(path: folder.file("other.db"))
        try other.execute("BEGIN EXCLUSIVE")
        let error = #expect(throws: StoreError.self) { _ = try target.beginBackup(from: source).step(pages: 9) }
        #expect(error?.code == .busy)
        for name in ["some.db", "other.db"] {
            #expect(error?.message.contains(name) == true, "\(String(describing: error))")
        }
        try other.execute("ROLLBACK")
        var isUnfinished = true
        while isUnfinished { isUnfinished = try target.beginBackup(from: source).step(pages: .max) }
        #expect(try target.integer("SELECT length(x) FROM t") == 100_000)
    }

    /// SQLite keeps the error of a step out of both connections.
    @Test func aCopyThatMeetsDamageSaysSo() throws {
        let (source, target) = (try connection("some.db"), try connection("other.db"))
        unsafe #expect(truncate(folder.file("some.db"), 2 * 4_096) == 0)
        let error = #expect(throws: StoreError.self) { _ = try target.beginBackup(from: source).step(pages: 9) }
        #expect(error?.code == .corrupt)
        for words in ["malformed", "some.db", "other.db"] {
            #expect(error?.message.contains(words) == true, "\(String(describing: error))")
        }
    }
}
