import Foundation
import KeyVaultStorage
import TestSupport
import Testing

@testable import KeyVaultSQLite

@Suite struct MovedFileTests {
    @Test func aFileThatIsGoneIsNoticedAndFoundAgain() async throws {
        let folder = try TemporaryFolder()
        let store = try await SQLiteStore.created(folder.file("vault.db"))
        try await store.insert(try id("acme"))
        // Whoever reads from here on has a connection already.
        _ = try await store.readHead()
        let files = try folder.names
        func move(_ from: String, _ to: String) throws {
            for name in files {
                try FileManager.default.moveItem(
                    atPath: folder.file("\(from)\(name)"), toPath: folder.file("\(to)\(name)"))
            }
        }
        try move("", "away-")
        await expectError(.io, naming: "moved") { try await store.insert(try id("late")) }
        await expectError(.io, naming: "moved") { _ = try await store.readHead() }
        await expectError(.io, naming: "moved") { _ = try await store.providers(of: "acme") }
        await expectError(.io, naming: "moved") { _ = try await store.foreignChanges() }
        // From now on: others may have another database in its place.
        await expectError(.io, naming: "moved") { _ = try await store.read(try id("acme")) }
        try move("away-", "")
        #expect(try await store.read(try id("acme")) != nil)
        _ = try await store.foreignChanges()
        try await store.insert(try id("late"))
        #expect(try await store.providers(of: "late") == ["openai"])
        // Noticed by a list alone: whoever reads by name has a connection already.
        try move("", "away-")
        await expectError(.io, naming: "moved") { _ = try await store.providers(of: "acme") }
        await expectError(.io, naming: "moved") { _ = try await store.read(try id("acme")) }
        try move("away-", "")
        #expect(try await store.read(try id("late")) != nil)
        // Noticed by one who does not read, and gone and back before anybody does.
        try move("", "away-")
        await expectError(.io, naming: "moved") { _ = try await store.foreignChanges() }
        try move("away-", "")
        #expect(try await store.read(try id("late")) != nil)
        await store.close()
    }

    /// Others open what it leads to, beside a log of its own.
    @Test func aFileThatWasMovedAndLinkedToIsNotWrittenTo() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("vault.db")
        let store = try await SQLiteStore.created(path)
        try FileManager.default.createDirectory(atPath: folder.file("new"), withIntermediateDirectories: false)
        try FileManager.default.moveItem(atPath: path, toPath: folder.file("new/vault.db"))
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: folder.file("new/vault.db"))
        await expectError(.io, naming: "moved") { try await store.insert(try id("late")) }
        await store.close()
    }

    /// Opened by name, it would be read beside the log of the file that was there.
    @Test func aFileThatTookItsPlaceIsNotOpened() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("vault.db")
        // Nobody has read from it, so that each read would open a connection.
        let store = try await SQLiteStore.created(path)
        let other = try await SQLiteStore.created(folder.file("other.db"))
        await other.close()
        let shared = try Data(contentsOf: URL(filePath: path + "-shm"))
        try FileManager.default.moveItem(atPath: path, toPath: folder.file("away.db"))
        try FileManager.default.moveItem(atPath: folder.file("other.db"), toPath: path)
        await expectError(.io, naming: "moved") { _ = try await store.readHead() }
        await expectError(.io, naming: "moved") { _ = try await store.read(try id("acme")) }
        await expectError(.io, naming: "moved") { _ = try await store.providers(of: "acme") }
        await expectError(.io, naming: "moved") { try await store.backup(to: folder.file("copy.db")) }
        #expect(try Data(contentsOf: URL(filePath: path + "-shm")) == shared)
        try FileManager.default.moveItem(atPath: path, toPath: folder.file("other.db"))
        try FileManager.default.moveItem(atPath: folder.file("away.db"), toPath: path)
        try await store.insert(try id("acme"))
        await store.close()
    }

    @Test func whereItCannotBeToldNothingWasMoved() async throws {
        let folder = try TemporaryFolder()
        func make(_ name: String) throws { try Data().write(to: URL(filePath: folder.file(name))) }
        try FileManager.default.createDirectory(atPath: folder.file("a"), withIntermediateDirectories: false)
        try make("a/vault.db")
        let place = try FilePlace(folder.file("a/vault.db"))
        try place.check()
        try FileManager.default.moveItem(atPath: folder.file("a"), toPath: folder.file("away"))
        await expectError(.io, naming: "moved") { try place.check() }
        try make("a")
        await expectError(.io, naming: "moved") { try place.check() }
        try FileManager.default.removeItem(atPath: folder.file("a"))
        // Links that lead round in a circle: one of the errors that say nothing of the file.
        try FileManager.default.createSymbolicLink(atPath: folder.file("a"), withDestinationPath: "a")
        await expectError(.io, naming: "looked for") { try place.check() }
        try FileManager.default.removeItem(atPath: folder.file("a"))
        try FileManager.default.moveItem(atPath: folder.file("away"), toPath: folder.file("a"))
        try place.check()
    }

    @Test func whatAReadMissesThatACloseHasOvertakenWasNotMoved() async throws {
        let folder = try TemporaryFolder()
        await (try SQLiteStore.created(folder.file("vault.db"))).close()
        let opening = try Opening(path: folder.file("vault.db"), create: false, patience: .zero)
        let pool = ReaderPool(places: opening.places, patience: .zero)
        func miss(_ meanwhile: () -> Void) -> StoreError.Code? {
            let error = #expect(throws: StoreError.self) {
                try pool.withReader { _ throws(StoreError) in
                    meanwhile()
                    throw .moved(opening.places.path)
                }
            }
            return error?.code
        }
        #expect(miss {} == .io)
        #expect(miss { pool.close() } == .closed)
        #expect(pool.whatAReadMisses(.busy("")).code == .closed)
        #expect(pool.whatAReadMisses(StoreError(.full, "")).code == .full)
    }

    @Test func aLockThatIsGoneIsNoticed() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("vault.db")
        let store = try await SQLiteStore.created(path)
        try await store.insert(try id("acme"))
        try FileManager.default.removeItem(atPath: path + "-lock")
        await expectError(.io, naming: "-lock") { try await store.insert(try id("late")) }
        let other = try await SQLiteStore.open(path)
        try await other.insert(try id("late"))
        await other.close()
        await store.close()
    }

    /// SQLite goes on with the log or the shared memory that nobody else can find any more.
    @Test(arguments: ["-wal", "-shm"])
    func aLogOrASharedMemoryThatIsGoneIsNoticedAndFoundAgain(_ ending: String) async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("vault.db")
        // Nobody has read from it, so that the first read would open a connection.
        let store = try await SQLiteStore.created(path)
        try FileManager.default.moveItem(atPath: path + ending, toPath: folder.file("away"))
        await expectError(.io, naming: ending) { _ = try await store.read(try id("acme")) }
        await expectError(.io, naming: ending) { try await store.insert(try id("late")) }
        await expectError(.io, naming: ending) { _ = try await store.readHead() }
        await expectError(.io, naming: ending) { _ = try await store.providers(of: "acme") }
        await expectError(.io, naming: ending) { try await store.backup(to: folder.file("copy.db")) }
        #expect(!FileManager.default.fileExists(atPath: path + ending))
        try FileManager.default.moveItem(atPath: folder.file("away"), toPath: path + ending)
        try await store.insert(try id("late"))
        #expect(try await store.providers(of: "late") == ["openai"])
        try FileManager.default.moveItem(atPath: path + ending, toPath: folder.file("away"))
        // By now there is a connection that reads.
        await expectError(.io, naming: ending) { _ = try await store.readHead() }
        await expectError(.io, naming: ending) { _ = try await store.providers(of: "late") }
        await store.close()
    }

    /// Closing the last connection deletes what it finds under these names.
    @Test(arguments: ["-wal", "-shm", "-lock"])
    func aCloseLeavesAloneWhatTookTheirPlace(_ ending: String) async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("vault.db")
        let store = try await SQLiteStore.created(path)
        try await store.insert(try id("acme"))
        // A writer gives the lock up a moment after those who wait for it have gone on.
        _ = try await store.foreignChanges()
        let database = try Data(contentsOf: URL(filePath: path))
        try FileManager.default.moveItem(atPath: path + ending, toPath: folder.file("away"))
        try Data("another's".utf8).write(to: URL(filePath: path + ending))
        await store.close()
        #expect(try Data(contentsOf: URL(filePath: path + ending)) == Data("another's".utf8))
        #expect(try Data(contentsOf: URL(filePath: path)) == database)
        #expect(FileManager.default.fileExists(atPath: path + "-wal"))
    }
}
