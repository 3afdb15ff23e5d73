import CSQLite
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
        let code = unsafe sqlite3_backup_step(handle, pages)
        switch code {
        case SQLITE_OK: return true
        case SQLITE_DONE: return false
        default: throw target.failure(code)
        }
    }

    /// Ends the copy; after the last page this commits it.
    mutating func finish() throws(StoreError) {
        let code = unsafe sqlite3_backup_finish(handle)
        unsafe handle = nil
        if code != SQLITE_OK { throw target.failure(code) }
    }
}
