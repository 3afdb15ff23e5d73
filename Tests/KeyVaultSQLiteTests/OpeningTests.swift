import Foundation
import KeyVaultStorage
import TestSupport
import Testing

@testable import KeyVaultSQLite

@Suite struct OpeningTests {
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.file("vault.db")
    }

    /// A vault with one record, closed.
    private func makeVault() async throws {
        let store = try await SQLiteStore.created(path)
        try await store.insert(try id("acme"))
        await store.close()
    }

    private func bytes() throws -> Data { try Data(contentsOf: URL(filePath: path)) }

    private func write(_ bytes: Data) throws { try bytes.write(to: URL(filePath: path)) }

    @Test func whatIsNotThereIsNotFound() async throws {
        await expectError(.notFound, naming: path) { _ = try await SQLiteStore.open(path) }
        #expect(try folder.names == [])
        await expectError(.notFound, naming: "directory") {
            _ = try await SQLiteStore.open(folder.file("none/vault.db"), create: true)
        }
        await expectError(.notFound, naming: "directory") {
            _ = try await SQLiteStore.open(folder.file("none/vault.db"))
        }
        // Found by SQLite itself, where nobody asks which file system it is.
        for create in [false, true] {
            await expectError(.notFound, naming: "directory") {
                _ = try await SQLiteStore.open(
                    folder.file("none/vault.db"), create: create, allowsNetworkFileSystems: true)
            }
        }
        await expectError(.invalid, naming: "zero byte") {
            _ = try await SQLiteStore.open(folder.file("a\0.db"), create: true)
        }
        await expectError(.io) { _ = try await SQLiteStore.open(folder.path) }
        try write(Data())
        await expectError(.notFound, naming: "empty") { _ = try await SQLiteStore.open(path) }
        #expect(try folder.names == ["vault.db"])
    }

    /// Where the path leads, too; and nothing is made there.
    @Test func aNetworkIsRefusedUnlessItIsAllowed() async throws {
        let folder = folder.file("network")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        func open(_ path: String, create: Bool, allowsNetwork: Bool = false) throws {
            _ = try Opening(path: path, create: create, patience: .zero, allowsNetwork: allowsNetwork) { path in
                path.hasPrefix(folder)
            }
        }
        await expectError(.invalid, naming: "allowsNetworkFileSystems") {
            try open(folder + "/vault.db", create: true)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
        try open(folder + "/vault.db", create: true, allowsNetwork: true)
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: folder + "/vault.db")
        await expectError(.invalid, naming: folder) { try open(path, create: false) }
        try open(path, create: false, allowsNetwork: true)
    }

    @Test func aStoreWithoutAVaultCanBeCreatedAndThenNotAgain() async throws {
        let store = try await SQLiteStore.open(path, create: true)
        #expect(try await store.readHead() == nil)
        await expectError(.notFound, naming: "no vault") { try await store.backup(to: folder.file("copy.db")) }
        try await store.create(header: [1])
        await expectError(.exists, naming: path) { try await store.create(header: [1]) }
        await store.close()
    }

    /// SQLite deletes a log that it finds beside an empty database.
    @Test func theLogOfADatabaseThatIsGoneIsNotDeleted() async throws {
        let store = try await SQLiteStore.created(path)
        try await store.insert(try id("acme"))
        let log = try Data(contentsOf: URL(filePath: folder.file("vault.db-wal")))
        await store.close()
        try FileManager.default.removeItem(atPath: path)
        try log.write(to: URL(filePath: folder.file("vault.db-wal")))
        await expectError(.exists, naming: "vault.db-wal") { _ = try await SQLiteStore.open(path, create: true) }
        #expect(try folder.names == ["vault.db-lock", "vault.db-wal"])
        #expect(try Data(contentsOf: URL(filePath: folder.file("vault.db-wal"))) == log)
    }

    /// SQLite takes a database of no bytes for a new one, and deletes the log as well.
    @Test(arguments: [false, true]) func theLogOfADatabaseThatIsEmptyIsNotDeleted(_ create: Bool) async throws {
        let store = try await SQLiteStore.created(path)
        try await store.insert(try id("acme"))
        let (whole, log) = (try bytes(), try Data(contentsOf: URL(filePath: path + "-wal")))
        await store.close()
        try write(Data())
        try log.write(to: URL(filePath: path + "-wal"))
        // By another name too: the log lies where the file is.
        try FileManager.default.createSymbolicLink(atPath: folder.file("link.db"), withDestinationPath: path)
        for name in ["vault.db", "link.db"] {
            await expectError(.exists, naming: "vault.db-wal") {
                _ = try await SQLiteStore.open(folder.file(name), create: create)
            }
        }
        #expect(try Data(contentsOf: URL(filePath: path + "-wal")) == log)
        try write(whole)
        let again = try await SQLiteStore.open(path)
        #expect(try await again.read(try id("acme")) != nil)
        await again.close()
    }

    @Test func anEmptyDatabaseWithAnEmptyLogIsOneThatWasNotFinished() async throws {
        try write(Data())
        try Data().write(to: URL(filePath: path + "-wal"))
        await (try SQLiteStore.created(path)).close()
    }

    @Test func aCleanCloseLeavesOneFileAndTheLock() async throws {
        try await makeVault()
        #expect(try folder.names == ["vault.db", "vault.db-lock"])
    }

    @Test func everyFileBelongsToTheOwnerAlone() async throws {
        let store = try await SQLiteStore.created(path)
        try await store.insert(try id("acme"))
        #expect(try folder.names == ["vault.db", "vault.db-lock", "vault.db-shm", "vault.db-wal"])
        for name in try folder.names {
            let mode = try FileManager.default.attributesOfItem(atPath: folder.file(name))[.posixPermissions] as? Int
            #expect(mode == 0o600, "\(name)")
        }
        await store.close()
    }

    @Test func aNameWithAMeaningToSQLiteIsAFileLikeAnyOther() async throws {
        let before = FileManager.default.currentDirectoryPath
        let relative = "../".repeated(before.split(separator: "/").count) + folder.path.dropFirst()
        for name in [":memory:", "file:x?mode=memory"] {
            let store = try await SQLiteStore.created("\(relative)/\(name)")
            #expect(store.path.hasSuffix("/\(name)"))
            await store.close()
            #expect(try folder.names.contains(name))
        }
    }

    @Test(arguments: ["A letter.", String(repeating: "nothing to see ", count: 1_000)])
    func aFileThatIsNoDatabaseIsForeignAndUntouched(_ text: String) async throws {
        try write(Data(text.utf8))
        for create in [false, true] {
            await expectError(.foreign, naming: path) { _ = try await SQLiteStore.open(path, create: create) }
        }
        #expect(try bytes() == Data(text.utf8))
        #expect(try folder.names == ["vault.db"])
    }

    @Test(arguments: [
        "CREATE TABLE albums (title)", "PRAGMA application_id = 7",
        "PRAGMA journal_mode = WAL; CREATE TABLE records (x)",
    ])
    func aDatabaseOfAnotherApplicationIsForeignAndUntouched(_ sql: String) async throws {
        try runSQL(sql, on: path)
        let before = try bytes()
        await expectError(.foreign, naming: "another application") {
            _ = try await SQLiteStore.open(path, create: true)
        }
        #expect(try bytes() == before)
        #expect(!(try folder.names.contains("vault.db-lock")))
    }

    @Test func aDatabaseOfALaterReleaseIsNewer() async throws {
        try await makeVault()
        try runSQL("PRAGMA user_version = 2", on: path)
        await expectError(.newer, naming: "schema 2") { _ = try await SQLiteStore.open(path) }
    }

    @Test func aMigrationThatWasBrokenOffIsDoneAgain() async throws {
        try runSQL("PRAGMA journal_mode = WAL", on: path)
        let store = try await SQLiteStore.created(path)
        try await store.insert(try id("acme"))
        await store.close()
    }

    @Test func anotherJournalModeIsSetBack() async throws {
        try await makeVault()
        try runSQL("PRAGMA journal_mode = DELETE", on: path)
        let store = try await SQLiteStore.open(path)
        #expect(try await store.read(try id("acme")) != nil)
        try await store.insert(try id("acme2"))
        #expect(try folder.names.contains("vault.db-wal"))
        await store.close()
    }

    @Test(arguments: [
        "DROP TABLE records", "DROP TABLE vault",
        "DROP TABLE records; CREATE TABLE records (tenant TEXT COLLATE NOCASE, provider, label, revision, sealed)",
        "ALTER TABLE records ADD COLUMN secret TEXT",
    ])
    func aSchemaThatWasEditedIsCorrupt(_ sql: String) async throws {
        try await makeVault()
        try runSQL(sql, on: path)
        await expectError(.corrupt, naming: "table") { _ = try await SQLiteStore.open(path) }
    }

    @Test func viewsIndicesAndTriggersOfAnOperatorAreLeftAlone() async throws {
        try await makeVault()
        try runSQL(
            """
            CREATE VIEW tenants AS SELECT DISTINCT tenant FROM records; CREATE INDEX byProvider ON records (provider);
            CREATE TRIGGER steal AFTER INSERT ON records BEGIN DELETE FROM records; END
            """, on: path)
        let store = try await SQLiteStore.open(path)
        try await store.insert(try id("acme2"))
        #expect(try await store.read(try id("acme2")) != nil)
        await store.close()
    }

    @Test(arguments: [2, 50, 99, 100, 512, 4_095, 4_096, 8_192])
    func aTruncatedFileIsRefusedAndUntouched(_ length: Int) async throws {
        try await makeVault()
        let whole = try bytes()
        #expect(whole.count > length)
        try write(whole.prefix(length))
        let error = await #expect(throws: StoreError.self) { _ = try await SQLiteStore.open(path, create: true) }
        #expect(error?.code == .corrupt || error?.code == .foreign, "\(String(describing: error))")
        #expect(try bytes() == whole.prefix(length))
    }

    @Test func damageInAPageIsReportedByWhoMeetsIt() async throws {
        let store = try await SQLiteStore.created(path)
        for number in 1...200 {
            try await store.insert(try id("acme", "p\(number)"), sealed: [UInt8](repeating: 1, count: 400))
        }
        await store.close()
        var damaged = try bytes()
        // The pages behind the first three, which hold the schema, the vault and the root of the records.
        for index in stride(from: 3 * 4_096, to: damaged.count, by: 4_096) {
            damaged.replaceSubrange(index..<(index + 100), with: Data(repeating: 0xFF, count: 100))
        }
        try write(damaged)
        let again = try await SQLiteStore.open(path)
        await expectError(.corrupt, naming: "backup") { _ = try await again.read(try id("acme", "p7")) }
        await expectError(.corrupt) { _ = try await again.scan(.everything, after: nil, limit: 9) }
        await expectError(.corrupt) { try await again.insert(try id("acme", "q")) }
        #expect(try await again.readHead() != nil)
        await again.close()
    }

    @Test func aFileThatMayNotBeWrittenIsReadOnly() async throws {
        try await makeVault()
        let user = geteuid() == 0 ? ["/usr/bin/setpriv", "--reuid", "65534", "--clear-groups"] : []
        try FileManager.default.setAttributes([.posixPermissions: 0o444], ofItemAtPath: path)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
        #expect(try OtherProcess("KeyVaultSQLiteProbe", ["open", path], by: user).finish().lines == ["readOnly"])
        // The file may be written, but nothing may be made beside it.
        try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: path)
        try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: folder.path)
        #expect(try OtherProcess("KeyVaultSQLiteProbe", ["open", path], by: user).finish().lines == ["readOnly"])
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
    }
}

extension String {
    fileprivate func repeated(_ count: Int) -> String { String(repeating: self, count: count) }
}
