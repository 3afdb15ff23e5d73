import CKeyVaultSQLite
import Glibc
import KeyVaultStorage

extension StoreError {
    /// What the result `code` of a call on `handle` means, which left `errno` behind.
    static func sqlite(_ code: Int32, from handle: OpaquePointer, errno: Int32 = 0, path: String) -> StoreError {
        // The message is copied before any other call on the connection.
        let message = unsafe String(cString: sqlite3_errmsg(handle))
        let systemError = systemError(of: code, kept: unsafe sqlite3_system_errno(handle), errno: errno)
        return sqlite(code, message: message, systemError: systemError, path: path)
    }

    /// SQLite keeps none for a commit that fails, nor for a page that the disk did not give, which it calls damaged.
    /// Otherwise, where it is no input or output that failed, `errno` may be of something that did no harm.
    static func systemError(of code: Int32, kept: Int32, errno: Int32) -> Int32 {
        if code & 0xFF == SQLITE_CORRUPT { return isOfRead(errno) ? errno : 0 }
        return kept == 0 && code & 0xFF == SQLITE_IOERR ? errno : kept
    }

    /// Whether SQLite takes this error of a read for damage.
    private static func isOfRead(_ errno: Int32) -> Bool { [EIO, ENXIO, ERANGE].contains(errno) }

    /// The same, with what the connection knows.
    static func sqlite(_ code: Int32, message: String, systemError: Int32, path: String) -> StoreError {
        switch code & 0xFF {
        case SQLITE_FULL: return full(path)
        case SQLITE_IOERR where systemError == ENOSPC || systemError == EDQUOT: return full(path)
        case SQLITE_BUSY, SQLITE_LOCKED: return busy(path)
        case SQLITE_READONLY: return readOnly(path)
        case SQLITE_NOTADB:
            return StoreError(
                .foreign,
                "\(path) is not a SQLite database, or its first page is damaged. Check the path, or restore a backup.")
        // Bytes that the disk may give another time; a vault passes over what is damaged, and replaces it unseen.
        case SQLITE_CORRUPT where isOfRead(systemError): return FileError(systemError).doing("read", path)
        case SQLITE_CORRUPT, SQLITE_TOOBIG, SQLITE_MISMATCH:
            return StoreError(.corrupt, "\(path) is damaged (\(message)). Restore a backup.")
        case SQLITE_CONSTRAINT:
            return StoreError(
                .invalid,
                "An index of \(path) that is none of the vault's refuses the change (\(message)). Remove it, or keep what it "
                    + "asks for.")
        case SQLITE_CANTOPEN:
            return StoreError(
                .io, "\(path) cannot be opened\(reason(systemError)). Check the path and who may read and write there.")
        default:
            return StoreError(.io, "SQLite failed on \(path): \(message) (code \(code))\(reason(systemError)).")
        }
    }

    static func full(_ path: String) -> StoreError {
        StoreError(.full, "No space is left for \(path). Free some and try again.")
    }

    static func busy(_ path: String) -> StoreError {
        StoreError(
            .busy, "Another process holds \(path). Nothing was changed. Try again, or end the process that holds it.")
    }

    static func readOnly(_ path: String) -> StoreError {
        StoreError(
            .readOnly, "\(path) may not be written to. Give this user the right to write the file and its directory.")
    }

    static func logWithoutDatabase(_ log: String) -> StoreError {
        StoreError(
            .exists,
            "\(log) lies there without its database, and may hold what its database does not. Put the database back, or move "
                + "its log away.")
    }

    /// What a system call that makes a file, or needs its directory, means.
    static func system(_ code: Int32, path: String) -> StoreError {
        code == ENOENT
            ? StoreError(.notFound, "The directory of \(path) does not exist. Create it.")
            : FileError(code).doing("used", path)
    }

    private static func reason(_ code: Int32) -> String {
        code == 0 ? "" : " (\(FileError(code).reason))"
    }
}
