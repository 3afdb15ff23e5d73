import Foundation
import Glibc
import KeyVaultFormat
import KeyVaultSQLite
import KeyVaultStorage
import Synchronization
import TestSupport
import Testing

@Suite struct BackupTests {
    private let folder: TemporaryFolder
    private let target: String
    private let sealed = [UInt8](repeating: 7, count: 4_000)

    init() throws {
        folder = try TemporaryFolder()
        target = folder.file("copy.db")
    }

    /// A vault of a few steps of the copy.
    private func store() async throws -> SQLiteStore {
        let store = try await SQLiteStore.created(folder.file("vault.db"))
        try await store.write(
            WriteBatch(
                generation: 1,
                changes: try (0..<1_000).map { .insert(try id("acme", "p\($0 + 1_000)").at(1), sealed: sealed) }))
        return store
    }

    @Test func aCopyHoldsEverythingAndIsAStoreOfItsOwn() async throws {
        let store = try await store()
        try await store.write(WriteBatch(generation: 1, header: [1, 2, 3]))
        let seen = Mutex<[BackupProgress]>([])
        let files = Mutex<Set<String>>([])
        try await store.backup(to: target) { step in
            seen.withLock { $0.append(step) }
            let names = (try? folder.names) ?? []
            files.withLock { $0.formUnion(names.filter { $0.hasPrefix("copy") }) }
        }

        let steps = seen.withLock { $0 }
        #expect(steps.count > 2)
        #expect(steps.map(\.pagesCopied) == steps.map(\.pagesCopied).sorted())
        #expect(steps.last.map { $0.pagesCopied == $0.pagesInAll } == true)
        // One file while it grows, so that one is left where the process is killed.
        #expect(files.withLock { $0 } == ["copy.db-partial"])
        #expect(try folder.names.filter { $0.hasPrefix("copy") } == ["copy.db"])
        let mode = try FileManager.default.attributesOfItem(atPath: target)[.posixPermissions] as? Int
        #expect(mode == 0o600)

        let copy = try await SQLiteStore.open(target)
        #expect(try await copy.readHead() == store.readHead())
        let rows = try await store.scan(.everything, after: nil, limit: 9_999)
        #expect(rows.count == 1_000)
        #expect(try await copy.scan(.everything, after: nil, limit: 9_999) == rows)
        try await copy.write(WriteBatch(generation: 2, changes: [.deleteTenant("acme")]))
        #expect(try await store.read(try id("acme", "p1001")) != nil)
        await copy.close()
        await store.close()
    }

    @Test(arguments: ["-wal", "-journal"]) func aLogThatLiesBesideTheTargetIsNotTakenForTheCopys(_ ending: String)
        async throws
    {
        let store = try await SQLiteStore.created(folder.file("vault.db"))
        try Data([1]).write(to: URL(filePath: target + ending))
        await expectError(.exists, naming: "copy.db" + ending) { try await store.backup(to: target) }
        // It may hold what was acknowledged, and nobody is told to remove that.
        await expectError(.exists, naming: "may hold what its database does not") {
            try await store.backup(to: target)
        }
        #expect(try folder.names.filter { $0.hasPrefix("copy") } == ["copy.db" + ending])
        await store.close()
    }

    /// SQLite would take it for a URL, and write to the file that it names.
    @Test func aPathThatTheSystemWouldCutIsRefused() async throws {
        let store = try await store()
        await expectError(.invalid, naming: "zero byte") { try await store.backup(to: folder.file("copy\0.db")) }
        await store.close()
    }

    @Test func aNameWithAMeaningToSQLiteIsAFileLikeAnyOther() async throws {
        let store = try await SQLiteStore.created(folder.file("vault.db"))
        let name = "keyvault-\(UUID().uuidString).db"
        let path = "file:\(name)?x=y"
        defer { for suffix in ["", "-lock"] { try? FileManager.default.removeItem(atPath: path + suffix) } }
        try await store.backup(to: path)
        #expect(!FileManager.default.fileExists(atPath: name))
        let copy = try await SQLiteStore.open(path)
        #expect(try await copy.readHead() == store.readHead())
        await copy.close()
        await store.close()
    }

    @Test func writersGoOnAndWhatTheyHadWrittenBeforeIsInTheCopy() async throws {
        let store = try await store()
        let acknowledged = Mutex(0)
        let isOver = Atomic(false)
        // It is not cancelled: a write that is throws.
        async let writer: Void = {
            var number = 0
            while !isOver.load(ordering: .relaxed) {
                number += 1
                // A pair, of which a torn copy would hold one.
                do {
                    try await store.insert(try id("a", "p\(number)"), try id("b", "p\(number)"), sealed: sealed)
                    acknowledged.withLock { $0 = number }
                } catch {
                    Issue.record(error)
                    return acknowledged.withLock { $0 = .max }
                }
            }
        }()
        while acknowledged.withLock({ $0 < 20 }) { await Task.yield() }
        let before = acknowledged.withLock { $0 }
        // Each step waits for another write, so that the copy cannot be over before they go on; there are several steps.
        try await store.backup(to: target) { _ in
            let last = acknowledged.withLock { $0 }
            while last != .max, acknowledged.withLock({ $0 }) == last { sched_yield() }
        }
        isOver.store(true, ordering: .relaxed)
        await writer

        let copy = try await SQLiteStore.open(target)
        let (ones, others) = (try await copy.providers(of: "a"), try await copy.providers(of: "b"))
        #expect(ones == others)
        #expect(Set(ones).isSuperset(of: (1...before).map { "p\($0)" }))
        #expect(try await copy.providers(of: "acme").count == 1_000)
        #expect(try await store.providers(of: "a").count > ones.count)
        await copy.close()
        await store.close()
    }

    @Test func nothingThatIsThereIsReplaced() async throws {
        let store = try await store()
        for name in ["copy.db", "copy.db-partial"] {
            let path = folder.file(name)
            try Data("mine".utf8).write(to: URL(filePath: path))
            await expectError(.exists, naming: path) { try await store.backup(to: target) }
            #expect(try Data(contentsOf: URL(filePath: path)) == Data("mine".utf8))
            try FileManager.default.removeItem(atPath: path)
        }
        await expectError(.exists) { try await store.backup(to: store.path) }
        await expectError(.notFound, naming: "directory") { try await store.backup(to: folder.file("none/copy.db")) }
        try await store.backup(to: target)
        await store.close()
        await expectError(.closed) { try await store.backup(to: folder.file("late.db")) }
    }

    @Test func aFileThatAppearsMeanwhileIsNotReplacedEither() async throws {
        let store = try await store()
        await expectError(.exists, naming: target) {
            try await store.backup(to: target) { _ in try? Data("mine".utf8).write(to: URL(filePath: target)) }
        }
        #expect(try Data(contentsOf: URL(filePath: target)) == Data("mine".utf8))
        #expect(try folder.names.filter { $0.hasPrefix("copy") } == ["copy.db"])
        await store.close()
    }

    @Test func aCopyWhoseFolderIsMovedAwayIsNone() async throws {
        let store = try await store()
        let (folder, moved) = (folder.file("folder"), folder.file("moved"))
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        await expectError(.notFound, naming: folder) {
            try await store.backup(to: folder + "/copy.db") { _ in
                try? FileManager.default.moveItem(atPath: folder, toPath: moved)
            }
        }
        #expect(!FileManager.default.fileExists(atPath: moved + "/copy.db"))
        try await store.backup(to: target)
        await store.close()
    }

    @Test func aNameWithoutAFolderIsAFileBesideTheProcess() async throws {
        let store = try await store()
        let name = "keyvault-test-\(UUID().uuidString).db"
        defer { try? FileManager.default.removeItem(atPath: name) }
        try await store.backup(to: name)
        let copy = try await SQLiteStore.open("\(FileManager.default.currentDirectoryPath)/\(name)")
        #expect(try await copy.providers(of: "acme").count == 1_000)
        await copy.close()
        try FileManager.default.removeItem(atPath: name + "-lock")
        await store.close()
    }

    @Test func aCancelledCopyLeavesNothing() async throws {
        let store = try await store()
        let task = Mutex<Task<Void, any Error>?>(nil)
        let copying = Task {
            try await store.backup(to: target) { _ in
                // Waits until the task is known, so that the first step cancels it.
                while task.withLock({ $0 == nil }) {}
                task.withLock { $0?.cancel() }
            }
        }
        task.withLock { $0 = copying }
        await expectError(.cancelled) { try await copying.value }
        #expect(try folder.names.filter { $0.hasPrefix("copy") } == [])
        await store.close()
    }
}
