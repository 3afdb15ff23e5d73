import CKeyVaultSQLite

extension SQLiteStore {
    /// The version of the SQLite library, such as `3.40.1`.
    public static var libraryVersion: String {
        // A text of the library's own, which it never frees.
        unsafe String(cString: sqlite3_libversion())
    }
}
