import CKeyVaultSQLite
import KeyVaultFormat
import KeyVaultStorage
import Testing

@testable import KeyVaultSQLite

func id(_ tenant: String, _ provider: String = "openai") throws -> RecordID {
    try RecordID(tenant: tenant, provider: provider)
}

extension RecordID {
    func at(_ revision: UInt64) -> RecordKey { RecordKey(id: self, revision: revision) }
}

extension SQLiteStore {
    /// A store with a vault in it.
    static func created(_ path: String, busyTimeout: Duration = .seconds(3_600)) async throws -> SQLiteStore {
        let store = try await open(path, create: true, busyTimeout: busyTimeout)
        try await store.create(header: [1])
        return store
    }

    func insert(_ ids: RecordID..., sealed: [UInt8] = [1, 2, 3]) async throws {
        try await write(WriteBatch(generation: 1, changes: ids.map { .insert($0.at(1), sealed: sealed) }))
    }

    /// The providers of every row, in their order.
    func providers(of tenant: String) async throws -> [String] {
        try await scan(.everythingOf(tenant: tenant), after: nil, limit: 1_000_000).map(\.id.provider)
    }
}

extension FileLock {
    /// A writer gives the lock up a moment after those who wait for it have gone on.
    func waitUntilLocked() async throws {
        while try !tryLock() { await Task.yield() }
    }
}

/// Expects an error of `code` whose message names `text`.
func expectError(
    _ code: StoreError.Code, naming text: String = "", sourceLocation: SourceLocation = #_sourceLocation,
    from body: () async throws -> Void
) async {
    let error = await #expect(throws: StoreError.self, sourceLocation: sourceLocation) { try await body() }
    #expect(error?.code == code, "\(String(describing: error))", sourceLocation: sourceLocation)
    #expect(error?.message.contains(text) ?? true, "\(String(describing: error))", sourceLocation: sourceLocation)
}

/// What the `sqlite3` shell would do: SQL on a connection that has none of our settings.
func runSQL(_ sql: String, on path: String) throws {
    var handle: OpaquePointer?
    unsafe #expect(sqlite3_open(path, &handle) == SQLITE_OK)
    defer { unsafe sqlite3_close(handle) }
    let code = unsafe sqlite3_exec(handle, sql, nil, nil, nil)
    unsafe #expect(code == SQLITE_OK, "\(String(cString: sqlite3_errmsg(handle)))")
}
