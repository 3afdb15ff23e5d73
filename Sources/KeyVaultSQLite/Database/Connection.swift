import CKeyVaultSQLite
import Glibc
import KeyVaultStorage

/// One connection to a database. Used by one thread at a time: its owner sees to that.
///
/// Safe to use otherwise: the handle is open for as long as the object lives, and never leaves it but for ``Statement`` and
/// ``PageCopy``, which keep the object.
@safe final class Connection {
    /// The file, as SQLite resolved its name.
    let path: String
    private let handle: OpaquePointer
    /// Written by SQLite's hook within a commit of this connection, so by the thread that uses it.
    private let logLength: UnsafeMutablePointer<Int32>

    /// Opens a file that exists, and changes nothing in it.
    init(path: String) throws(StoreError) {
        var handle: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let code = unsafe sqlite3_open_v2(path, &handle, flags, nil)
        guard let opened = unsafe handle else {
            throw StoreError(.io, "SQLite has no memory left to open \(path).")
        }
        guard code == SQLITE_OK else {
            let error = unsafe StoreError.sqlite(code, from: opened, path: path)
            unsafe sqlite3_close_v2(opened)
            throw error
        }
        unsafe self.handle = opened
        unsafe logLength = .allocate(capacity: 1)
        unsafe logLength.initialize(to: 0)
        // SQLite keeps the name for as long as the connection is open; it is copied here.
        self.path = unsafe sqlite3_db_filename(opened, "main").map { unsafe String(cString: $0) } ?? path
        try harden()
    }

    deinit {
        unsafe sqlite3_close_v2(handle)
        unsafe logLength.deallocate()
    }

    /// Every statement of `sql`, one after the other; rows are not looked at.
    func execute(_ sql: String) throws(StoreError) {
        errno = 0
        let code = unsafe sqlite3_exec(handle, sql, nil, nil, nil)
        if code != SQLITE_OK { throw failure(code, errno: errno) }
    }

    func prepare(_ sql: String) throws(StoreError) -> Statement {
        var statement: OpaquePointer?
        let flags = UInt32(SQLITE_PREPARE_PERSISTENT)
        errno = 0
        let code = unsafe sqlite3_prepare_v3(handle, sql, -1, flags, &statement, nil)
        guard code == SQLITE_OK, let prepared = unsafe statement else { throw failure(code, errno: errno) }
        return unsafe Statement(prepared, of: self)
    }

    /// The first column of the first row.
    func integer(_ sql: String) throws(StoreError) -> Int64? {
        let statement = try prepare(sql)
        return try statement.step() ? statement.integer(0) : nil
    }

    /// The first column of the first row.
    func text(_ sql: String) throws(StoreError) -> String? {
        let statement = try prepare(sql)
        return try statement.step() ? statement.text(0) : nil
    }

    /// How long a statement waits for somebody else, with the thread it runs on.
    func setBusyTimeout(_ timeout: Duration) {
        let milliseconds = timeout / .milliseconds(1)
        unsafe sqlite3_busy_timeout(handle, Int32(max(0, min(milliseconds, 1_000_000))))
    }

    /// Whether closing may copy the write-ahead log into the database.
    func setCheckpointOnClose(_ isOn: Bool) throws(StoreError) {
        try configure(SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, !isOn)
    }

    var isReadOnly: Bool { unsafe sqlite3_db_readonly(handle, "main") != 0 }

    /// The rows that the last statement changed.
    var changes: Int { Int(unsafe sqlite3_changes64(handle)) }

    /// How many pages the write-ahead log held after the last commit of this connection, those of others included.
    var pagesInLog: Int { Int(unsafe logLength.pointee) }

    /// Refuses to go on with a file that was moved or deleted since it was opened.
    func checkPlace() throws(StoreError) {
        var hasMoved: Int32 = 0
        let code = unsafe sqlite3_file_control(handle, "main", SQLITE_FCNTL_HAS_MOVED, &hasMoved)
        guard code != SQLITE_OK || hasMoved == 0 else { throw .moved(path) }
    }

    /// Copies what it can of the write-ahead log into the database, without waiting for readers.
    ///
    /// `FULL` rather than `PASSIVE`, since it holds SQLite's own writer lock throughout, so that no foreign tool can commit
    /// while it runs; but where one holds that lock already, it goes on without. With no busy timeout it waits for nobody.
    func checkpoint() throws(StoreError) {
        let code = unsafe sqlite3_wal_checkpoint_v2(handle, "main", SQLITE_CHECKPOINT_FULL, nil, nil)
        if code != SQLITE_OK, code & 0xFF != SQLITE_BUSY { throw failure(code) }
    }

    /// Starts to copy every page of `source` into this database, which must be empty.
    func beginBackup(from source: Connection) throws(StoreError) -> PageCopy {
        guard let backup = unsafe sqlite3_backup_init(handle, "main", source.handle, "main") else {
            throw failure(unsafe sqlite3_errcode(handle))
        }
        return unsafe PageCopy(backup, into: self, from: source)
    }

    /// What went wrong with the call that gave `code` and left `errno` behind.
    func failure(_ code: Int32, errno: Int32 = 0) -> StoreError {
        unsafe StoreError.sqlite(code, from: handle, errno: errno, path: path)
    }

    /// A database may come from anyone: nothing that is written in it runs, and no page of it is mapped into memory.
    private func harden() throws(StoreError) {
        try configure(SQLITE_DBCONFIG_DEFENSIVE, true)
        try configure(SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)
        try configure(SQLITE_DBCONFIG_ENABLE_TRIGGER, false)
        try configure(SQLITE_DBCONFIG_ENABLE_VIEW, false)
        try configure(SQLITE_DBCONFIG_DQS_DDL, false)
        try configure(SQLITE_DBCONFIG_DQS_DML, false)
        // Turned on again by the one connection that may: see SQLiteStore on the WAL-reset bug.
        try setCheckpointOnClose(false)
        // In the place of SQLite's own checkpoints.
        unsafe sqlite3_wal_hook(
            handle,
            { context, _, _, pages in
                unsafe context?.assumingMemoryBound(to: Int32.self).pointee = pages
                return SQLITE_OK
            }, logLength)
        unsafe sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, 1 << 20)
        try execute("PRAGMA mmap_size = 0; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY")
    }

    private func configure(_ option: Int32, _ isOn: Bool) throws(StoreError) {
        let code = unsafe keyvault_sqlite3_configure(handle, option, isOn ? 1 : 0)
        if code != SQLITE_OK { throw failure(code) }
    }
}
