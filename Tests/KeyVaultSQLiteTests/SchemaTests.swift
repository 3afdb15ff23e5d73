import Foundation
import Glibc
import KeyVaultStorage
import TestSupport
import Testing

@testable import KeyVaultSQLite

/// Databases of an earlier version, and migrations that cannot be done or must wait.
@Suite struct SchemaTests {
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.file("vault.db")
    }

    private func version() throws -> Int64? { try Connection(path: path).integer("PRAGMA user_version") }

    /// What a release before the first schema would have left.
    @Test func anEarlierDatabaseIsMigratedByWhoOpensIt() async throws {
        try runSQL("PRAGMA application_id = \(Schema.applicationID)", on: path)
        #expect(try Schema.inspect(Connection(path: path)) == .outdated)
        let store = try await SQLiteStore.open(path)
        #expect(try version() == Schema.version)
        try await store.create(header: [1])
        try await store.insert(try id("acme"))
        await store.close()
    }

    @Test func aMigrationThatFailsLeavesEverythingAsItWas() async throws {
        let store = try await SQLiteStore.created(path)
        try await store.insert(try id("acme"))
        await store.close()
        // The tables are there already, whatever the number says.
        try runSQL("PRAGMA user_version = 0", on: path)
        await expectError(.io, naming: "already exists") { try Schema.migrate(Connection(path: path)) }
        #expect(try version() == 0)
        await expectError(.corrupt, naming: "schema 0") { _ = try await SQLiteStore.open(path) }
        try runSQL("PRAGMA user_version = -1", on: path)
        await expectError(.corrupt, naming: "schema -1") { _ = try await SQLiteStore.open(path) }
        try runSQL("PRAGMA user_version = 1", on: path)
        let again = try await SQLiteStore.open(path)
        #expect(try await again.read(try id("acme")) != nil)
        await again.close()
    }

    /// Once it is written to, its encoding cannot be changed any more. It is left as it is.
    @Test(arguments: ["UTF-16le", "UTF-16be"], [0, Schema.applicationID])
    func aBlankDatabaseInAnotherEncodingIsRefused(_ encoding: String, _ application: Int64) async throws {
        try runSQL(
            "PRAGMA encoding = '\(encoding)'; PRAGMA application_id = \(application); CREATE TABLE x (y); DROP TABLE x",
            on: path)
        let before = try Data(contentsOf: URL(filePath: path))
        for create in [true, false] {
            await expectError(.corrupt, naming: "UTF-8") { _ = try await SQLiteStore.open(path, create: create) }
        }
        #expect(try Data(contentsOf: URL(filePath: path)) == before)
        #expect(try folder.names == ["vault.db"])
    }

    @Test func whereThereIsNoWriteAheadLogNothingIsMade() async throws {
        let connection = try Connection(path: ":memory:")
        await expectError(.io, naming: "local file system") { try Schema.migrate(connection) }
        #expect(try connection.integer("SELECT count(*) FROM sqlite_schema") == 0)
    }

    /// The time to wait is the caller's; the shorter one does not even try again.
    @Test(arguments: [Duration.zero, .milliseconds(20)])
    func aMigrationWaitsForWhoeverHoldsTheLock(_ patience: Duration) async throws {
        let lock = try FileLock(of: path)
        #expect(try lock.tryLock())
        await expectError(.busy, naming: path) {
            _ = try await SQLiteStore.open(path, create: true, busyTimeout: patience)
        }
        #expect(try version() == 0)
        lock.unlock()
        let store = try await SQLiteStore.open(path, create: true, busyTimeout: patience)
        #expect(try await store.readHead() == nil)
        await store.close()
    }

    /// A current one needs no lock to be opened, and none to be read.
    @Test func aCurrentDatabaseOpensWhileSomebodyWrites() async throws {
        let first = try await SQLiteStore.created(path)
        try await first.insert(try id("acme"))
        let lock = try FileLock(of: path)
        try await lock.waitUntilLocked()
        let second = try await SQLiteStore.open(path, busyTimeout: .zero)
        #expect(try await second.read(try id("acme")) != nil)
        await expectError(.busy, naming: path) { try await second.insert(try id("late")) }
        lock.unlock()
        try await second.insert(try id("late"))
        await second.close()
        await first.close()
    }

    /// Somebody who may write to the folder could otherwise have a file made elsewhere, in our name.
    @Test func aLockThatIsALinkIsNotFollowed() async throws {
        #expect(unsafe symlink(folder.file("elsewhere"), path + "-lock") == 0)
        await expectError(.io, naming: path + "-lock") { _ = try await SQLiteStore.open(path, create: true) }
        #expect(try !folder.names.contains("elsewhere"))
    }

    @Test(arguments: [UInt64(Int64.max) + 1, .max]) func aGenerationThatNoColumnHoldsIsRefused(_ last: UInt64)
        async throws
    {
        let store = try await SQLiteStore.open(path, create: true)
        await expectError(.invalid, naming: "2^63") { try await store.create(header: [1], generation: last) }
        #expect(try await store.readHead() == nil)
        try await store.create(header: [1], generation: UInt64(Int64.max))
        #expect(try await store.readHead()?.generation == UInt64(Int64.max))
        await store.close()
    }
}
