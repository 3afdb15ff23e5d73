import CKeyVaultSQLite
import Glibc
import KeyVaultFormat
import KeyVaultStorage

/// A prepared statement. It keeps its connection open.
///
/// Parameters count from 1, columns from 0, as in SQLite. Safe to use: the handle is live for as long as the value is, and
/// never leaves it.
@safe final class Statement {
    private let handle: OpaquePointer
    private let connection: Connection

    /// Takes over a statement of `connection`.
    init(_ handle: OpaquePointer, of connection: Connection) {
        unsafe self.handle = handle
        self.connection = connection
    }

    deinit { unsafe sqlite3_finalize(handle) }

    /// Goes on to the next row, and says whether there is one. After an error the statement is ready to be used again.
    func step() throws(StoreError) -> Bool {
        errno = 0
        let code = unsafe sqlite3_step(handle)
        if code == SQLITE_ROW { return true }
        if code == SQLITE_DONE { return false }
        let error = connection.failure(code, errno: errno)
        reset()
        throw error
    }

    /// Runs a statement that gives no rows, and makes it ready to be used again.
    func run() throws(StoreError) {
        _ = try step()
        reset()
    }

    /// Ends the read that a row holds open.
    func reset() { unsafe sqlite3_reset(handle) }

    /// Runs `body` with the tenant, the provider and the label bound as the first three parameters, and ends its read. The names
    /// are not copied, which a point read would feel; nor are references counted on what `body` captures, once it is inlined.
    @inline(__always)
    func withNames<Result>(
        of id: RecordID, _ body: () throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        // The names stay where they are until the statement is reset. Nothing reads them after that: whoever uses the statement
        // again binds others first.
        try unsafe id.encoded.span.withUnsafeBytes { encoded throws(StoreError) in
            defer { reset() }
            var start = 0
            for index in Int32(1)...3 {
                let name = unsafe UnsafeRawBufferPointer(rebasing: encoded[(start + 1)...].prefix(Int(encoded[start])))
                unsafe keyvault_sqlite3_bind_borrowed_text(handle, index, name.baseAddress, Int32(name.count))
                start += 1 + name.count
            }
            return try body()
        }
    }

    /// Runs `body` with a blob bound at `index`, as ``withNames(of:_:)`` does with names, and ends its read.
    @inline(__always)
    func withBlob<Result>(
        _ blob: [UInt8], at index: Int32, _ body: () throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        // The bytes stay where they are until the statement is reset, and are bound anew before it is used again.
        try unsafe blob.span.withUnsafeBytes { bytes throws(StoreError) in
            defer { reset() }
            if unsafe bytes.isEmpty {
                // No address would bind NULL.
                unsafe sqlite3_bind_zeroblob(handle, index, 0)
            } else {
                unsafe keyvault_sqlite3_bind_borrowed_blob(
                    handle, index, bytes.baseAddress, Int32(clamping: bytes.count))
            }
            return try body()
        }
    }

    /// Binds the tenant, the provider and the label at `index` and the two behind it.
    func bind(_ id: RecordID, at index: Int32 = 1) {
        for part in 0..<3 { bind(text: id.nameBytes(at: part), at: index + Int32(part)) }
    }

    /// Binds the names, and the revision behind them. Numbers beyond the last revision become it: no row is above.
    func bind(_ key: RecordKey, at index: Int32 = 1) {
        bind(key.id, at: index)
        bind(Int64(clamping: key.revision), at: index + 3)
    }

    // Binding fails only where an index is none of the statement's, where the statement is running, or where memory is
    // short; each of them makes the step behind it fail or match nothing, never match something else.

    func bind(_ number: Int64, at index: Int32) { unsafe sqlite3_bind_int64(handle, index, number) }

    func bind(text: ArraySlice<UInt8>, at index: Int32) {
        // The bytes are copied during the call.
        _ = unsafe text.withUnsafeBytes { bytes in
            unsafe keyvault_sqlite3_bind_text(handle, index, bytes.baseAddress, Int32(clamping: bytes.count))
        }
    }

    func bind(blob: [UInt8], at index: Int32) {
        // No bytes may have no address, and no address would bind NULL.
        guard !blob.isEmpty else {
            unsafe sqlite3_bind_zeroblob(handle, index, 0)
            return
        }
        // The bytes are copied during the call.
        _ = unsafe blob.withUnsafeBytes { bytes in
            unsafe keyvault_sqlite3_bind_blob(handle, index, bytes.baseAddress, Int32(clamping: bytes.count))
        }
    }

    /// An integer, and nothing that could be converted to one.
    func integer(_ column: Int32) -> Int64? {
        guard unsafe sqlite3_column_type(handle, column) == SQLITE_INTEGER else { return nil }
        return unsafe sqlite3_column_int64(handle, column)
    }

    /// Text that is valid UTF-8.
    func text(_ column: Int32) -> String? {
        guard unsafe sqlite3_column_type(handle, column) == SQLITE_TEXT,
            let start = unsafe sqlite3_column_text(handle, column)
        else { return nil }
        let count = Int(unsafe sqlite3_column_bytes(handle, column))
        // The bytes stay where they are until the next call on this statement.
        return unsafe String(validating: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    /// The tenant, the provider and the label in the first three columns; `nil` where one of them is no name.
    func names() -> RecordID? {
        var encoded: [UInt8] = []
        // Room for most ids, so that it is found once.
        encoded.reserveCapacity(96)
        for column in Int32(0)..<3 {
            guard unsafe sqlite3_column_type(handle, column) == SQLITE_TEXT,
                let start = unsafe sqlite3_column_text(handle, column),
                let count = UInt8(exactly: unsafe sqlite3_column_bytes(handle, column))
            else { return nil }
            encoded.append(count)
            // As above; they are copied.
            unsafe encoded.append(contentsOf: UnsafeRawBufferPointer(start: start, count: Int(count)))
        }
        return RecordID(encoded: encoded)
    }

    func blob(_ column: Int32) -> [UInt8]? {
        guard unsafe sqlite3_column_type(handle, column) == SQLITE_BLOB else { return nil }
        guard let start = unsafe sqlite3_column_blob(handle, column) else { return [] }
        let count = Int(unsafe sqlite3_column_bytes(handle, column))
        // As above; they are copied.
        return unsafe [UInt8](UnsafeRawBufferPointer(start: start, count: count))
    }
}
