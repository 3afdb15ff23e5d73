import CKeyVaultSQLite
import Glibc
import KeyVaultStorage

/// SQLite's online backup: the pages of one database are copied into another, some at a time. Safe to use: the handle is live until
/// ``finish()`` and never leaves the value, and both connections stay open.
@safe struct PageCopy: ~Copyable {
    private var handle: OpaquePointer?
    private let target: Connection
    private let source: Connection

    init(_ handle: OpaquePointer, into target: Connection, from source: Connection) {
        unsafe self.handle = handle
        self.target = target
        self.source = source
    }

    deinit { unsafe sqlite3_backup_finish(handle) }

    /// How many pages there are, and how many are still to copy. Known after the first ``step(pages:)``.
    var total: Int { Int(unsafe sqlite3_backup_pagecount(handle)) }
    var remaining: Int { Int(unsafe sqlite3_backup_remaining(handle)) }

    /// Copies the next `pages`, and says whether more are left.
    func step(pages: Int32) throws(StoreError) -> Bool {
        errno = 0
        let code = unsafe sqlite3_backup_step(handle, pages)
        switch code {
        case SQLITE_OK: return true
        case SQLITE_DONE: return false
        default: throw failure(code, errno: errno)
        }
    }

    /// Ends the copy; after the last page this commits it.
    mutating func finish() throws(StoreError) {
        errno = 0
        let code = unsafe sqlite3_backup_finish(handle)
        unsafe handle = nil
        if code != SQLITE_OK { throw failure(code, errno: errno) }
    }

    /// Neither connection knows of an error of a step, and it may be of either file.
    private func failure(_ code: Int32, errno: Int32) -> StoreError {
        // A text of the library's own, which it never frees.
        let message = unsafe String(cString: sqlite3_errstr(code))
        return StoreError.sqlite(
            code, message: message, systemError: StoreError.systemError(of: code, kept: 0, errno: errno),
            path: "\(target.path) (a copy of \(source.path))")
    }
}
