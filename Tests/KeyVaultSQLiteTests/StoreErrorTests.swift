import CKeyVaultSQLite
import Glibc
import KeyVaultStorage
import Testing

@testable import KeyVaultSQLite

/// What SQLite's and the system's error numbers mean to whoever uses the store.
@Suite struct StoreErrorTests {
    @Test(arguments: [
        (SQLITE_FULL, Int32(0), StoreError.Code.full), (SQLITE_IOERR, ENOSPC, .full), (SQLITE_IOERR, EDQUOT, .full),
        (SQLITE_IOERR, EIO, .io), (SQLITE_BUSY, 0, .busy), (SQLITE_LOCKED, 0, .busy), (SQLITE_READONLY, 0, .readOnly),
        (SQLITE_NOTADB, 0, .foreign), (SQLITE_CORRUPT, 0, .corrupt), (SQLITE_TOOBIG, 0, .corrupt),
        (SQLITE_CORRUPT, EIO, .io), (SQLITE_CANTOPEN, EACCES, .io), (SQLITE_NOMEM, 0, .io),
    ])
    func ofSQLite(_ code: Int32, _ systemError: Int32, _ expected: StoreError.Code) {
        // The kind of an error stands in its lowest byte; what is above refines it.
        for extended in [code, code | 5 << 8] {
            let error = StoreError.sqlite(extended, message: "so it says", systemError: systemError, path: "keys.db")
            #expect(error.code == expected)
            #expect(error.message.contains("keys.db"))
        }
    }

    /// SQLite keeps no error of a commit, nor of a page that it could not read; of others `errno` tells nothing.
    @Test(
        arguments: [
            (SQLITE_IOERR | 4 << 8, 0, ENOSPC, ENOSPC), (SQLITE_IOERR | 3 << 8, 0, EDQUOT, EDQUOT),
            (SQLITE_IOERR, EIO, ENOSPC, EIO), (SQLITE_IOERR, 0, 0, 0), (SQLITE_CORRUPT, 0, ENOENT, 0),
            (SQLITE_CORRUPT, ENOSPC, EIO, EIO), (SQLITE_CORRUPT, EIO, 0, 0), (SQLITE_CANTOPEN, EACCES, ENOENT, EACCES),
        ] as [(Int32, Int32, Int32, Int32)])
    func ofTheSystemBehindSQLite(_ code: Int32, _ kept: Int32, _ errno: Int32, _ expected: Int32) {
        #expect(StoreError.systemError(of: code, kept: kept, errno: errno) == expected)
    }

    @Test(arguments: [
        (ENOSPC, StoreError.Code.full), (EDQUOT, .full), (EACCES, .readOnly), (EPERM, .readOnly), (EROFS, .readOnly),
        (ENOENT, .notFound), (ENOTDIR, .notFound), (EIO, .io), (EMFILE, .io),
    ])
    func ofTheSystem(_ code: Int32, _ expected: StoreError.Code) {
        let error = StoreError.system(code, path: "keys.db")
        #expect(error.code == expected)
        #expect(error.message.contains("keys.db"))
    }
}
