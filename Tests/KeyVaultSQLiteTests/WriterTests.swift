import Foundation
import KeyVaultFormat
import KeyVaultStorage
import TestSupport
import Testing

@testable import KeyVaultSQLite

@Suite struct WriterTests {
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.file("vault.db")
    }

    private func insertion(_ provider: String, count: Int = 1) throws -> WriteJob.Work {
        let sealed = [UInt8](repeating: 7, count: 60_000)
        return .write(
            WriteBatch(
                generation: 1,
                changes: try (0..<count).map { .insert(try id("acme", "\(provider)\($0)").at(1), sealed: sealed) }))
    }

    /// A session on this thread, whose database may grow to `pages`.
    private func session(pages: Int) async throws -> WriteSession {
        await (try SQLiteStore.created(path)).close()
        let opening = try Opening(path: path, create: false, patience: .zero)
        let session = try WriteSession(opening)
        try opening.connection.execute("PRAGMA max_page_count = \(pages)")
        return session
    }

    @Test func aCommitThatFailsFailsTheWholeGroupAndNothingIsLeft() async throws {
        let session = try await session(pages: 200)
        #expect(try session.begin())
        let error = #expect(throws: StoreError.self) {
            _ = try session.perform([try insertion("small"), try insertion("huge", count: 20)])
        }
        #expect(error?.code == .full)
        #expect(try session.begin())
        let results = try session.perform([try insertion("next")])
        #expect(results.map { (try? $0.get()) != nil } == [true])
        session.close()
        let store = try await SQLiteStore.open(path)
        #expect(try await store.providers(of: "acme") == ["next0"])
        await store.close()
    }

    @Test func aBatchThatIsRefusedLeavesTheOthersOfItsGroupAlone() async throws {
        let session = try await session(pages: 10_000)
        #expect(try session.begin())
        let stale = WriteJob.Work.write(WriteBatch(generation: 2))
        let torn = WriteJob.Work.write(
            WriteBatch(
                generation: 1,
                changes: [
                    .insert(try id("acme", "torn").at(9), sealed: []), .delete(try id("acme", "torn"), revision: nil),
                    .insert(try id("acme", "a0").at(10), sealed: []),
                ], header: [9]))
        let results = try session.perform([
            try insertion("a"), torn, stale, try insertion("b"), .create(header: [2], generation: 1),
            try insertion("c"),
        ])
        let codes = results.map { result -> StoreError.Code? in
            if case .failure(let error) = result { error.code } else { nil }
        }
        #expect(codes == [nil, .conflict, .staleHeader, nil, .exists, nil])
        session.close()
        let store = try await SQLiteStore.open(path)
        #expect(try await store.providers(of: "acme") == ["a0", "b0", "c0"])
        #expect(try await store.readHead() == StoreHead(header: [1], generation: 1, revisionFloor: 0))
        await store.close()
    }

    @Test func damageThatOneBatchMeetsDoesNotFailItsNeighbours() async throws {
        let store = try await SQLiteStore.created(path)
        try runSQL("INSERT INTO records VALUES ('bad', 'openai', 'default', -1, x'')", on: store.path)
        let lock = try FileLock(of: store.path)
        try await lock.waitUntilLocked()
        let tasks = ["good", "bad", "fine"].map { tenant in Task { try await store.insert(try id(tenant)) } }
        // All three are in one group when the lock is free.
        await jobs(3, areQueuedIn: store)
        lock.unlock()
        try await tasks[0].value
        await expectError(.corrupt) { try await tasks[1].value }
        try await tasks[2].value
        try await lock.waitUntilLocked()
        lock.unlock()
        await store.close()
    }

    /// An operator may have indexes of his own.
    @Test func anIndexThatRefusesOneBatchDoesNotFailItsNeighbours() async throws {
        let store = try await SQLiteStore.created(path)
        try runSQL("CREATE UNIQUE INDEX one_each ON records (provider)", on: store.path)
        try await store.insert(try id("first", "openai"))
        let lock = try FileLock(of: store.path)
        try await lock.waitUntilLocked()
        let ids = [try id("good", "a"), try id("bad", "openai"), try id("fine", "c")]
        let tasks = ids.map { id in Task { try await store.insert(id) } }
        await jobs(3, areQueuedIn: store)
        lock.unlock()
        try await tasks[0].value
        await expectError(.invalid, naming: "index") { try await tasks[1].value }
        try await tasks[2].value
        await store.close()
    }

    /// The current row becomes a retained one before the index refuses the new one.
    @Test func anIndexThatRefusesAReplacementLeavesTheKey() async throws {
        let store = try await SQLiteStore.created(path)
        let id = try id("acme")
        try await store.insert(id, sealed: [1])
        try runSQL("CREATE UNIQUE INDEX one_each ON records (tenant, provider, label)", on: store.path)
        let change = RecordChange.replace(id.at(2), sealed: [2], replacing: 1, commitment: nil, retained: [3])
        await expectError(.invalid, naming: "index") {
            try await store.write(WriteBatch(generation: 1, changes: [change]))
        }
        #expect(try await store.read(id)?.sealed == [1])
        await store.close()
    }

    @Test func aDiskThatIsReallyFullIsReportedAndLosesNothing() async throws {
        let mount = try SmallDisk()
        guard let mount else { return print("Skipped: no small file system can be mounted here.") }
        let store = try await SQLiteStore.created(mount.path + "/vault.db")
        var written: [String] = []
        let error = await #expect(throws: StoreError.self) {
            for number in 1_000..<2_000 {
                try await store.insert(try id("acme", "p\(number)"), sealed: [UInt8](repeating: 7, count: 60_000))
                written.append("p\(number)")
            }
        }
        #expect(error?.code == .full)
        #expect(try await store.providers(of: "acme") == written)
        try FileManager.default.removeItem(atPath: mount.ballast)
        try await store.insert(try id("acme", "after"))
        await store.close()
        let again = try await SQLiteStore.open(mount.path + "/vault.db")
        #expect(try await again.providers(of: "acme") == ["after"] + written)
        await again.close()
    }

    @Test(arguments: [
        // FULL; off for all but what this store does itself.
        ("synchronous", 2), ("secure_delete", 1), ("wal_autocheckpoint", 0), ("trusted_schema", 0),
        ("cell_size_check", 1),
        ("mmap_size", 0), ("temp_store", 2),
    ])
    func theWriterIsDurableAndTrustsNoSchema(_ name: String, _ value: Int64) async throws {
        await (try SQLiteStore.created(path)).close()
        let opening = try Opening(path: path, create: false, patience: .zero)
        let session = try WriteSession(opening)
        #expect(try opening.connection.integer("PRAGMA \(name)") ?? 0 == value)
        session.close()
    }

    /// None of them writes much, and none is the last to close: each goes by what the log holds, not by what it wrote.
    @Test func theLogIsCopiedByManyWhoWriteLittleEach() async throws {
        let open = try await SQLiteStore.created(path)
        for number in 0..<200 {
            let store = try await SQLiteStore.open(path)
            try await store.insert(try id("acme", "p\(number)"), sealed: [UInt8](repeating: 7, count: 60_000))
            await store.close()
        }
        // 1,000 pages are 4 MiB, and one more batch; all of it would be 13 MB.
        let size = try #require(FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? Int)
        #expect(size < 5_000_000)
        #expect(try await open.providers(of: "acme").count == 200)
        await open.close()
    }

    @Test func theLogIsNotCopiedWhileAnotherHasTheLock() async throws {
        let store = try await SQLiteStore.created(path)
        try await store.insert(try id("acme"))
        let lock = try FileLock(of: store.path)
        try await lock.waitUntilLocked()
        let before = try Data(contentsOf: URL(filePath: path + "-wal"))
        await store.close()
        #expect(try Data(contentsOf: URL(filePath: path + "-wal")) == before)
        lock.unlock()
        let again = try await SQLiteStore.open(path)
        #expect(try await again.read(try id("acme")) != nil)
        await again.close()
        #expect(try folder.names == ["vault.db", "vault.db-lock"])
    }

    /// While the log is copied nobody who knows the lock can commit. A reader who looks at what was there before holds the copying up.
    @Test(.timeLimit(.minutes(10))) func theLockIsHeldForAsLongAsTheLogIsCopied() async throws {
        await (try SQLiteStore.created(path)).close()
        let opening = try Opening(path: path, create: false, patience: .zero)
        let copying = Copying(try WriteSession(opening))
        #expect(try copying.begin())
        let reader = try Connection(path: path)
        try reader.execute("BEGIN")
        #expect(try reader.integer("SELECT count(*) FROM records") == 0)
        // More pages than those from which on the log is copied.
        try copying.perform(try insertion("p", count: 80))
        opening.connection.setBusyTimeout(.seconds(1_000))
        let (lock, tool) = (try FileLock(of: path), try Connection(path: path))
        tool.setBusyTimeout(.zero)
        let ended = Task { await copying.end() }
        // SQLite's own lock on writers is held from when the copying begins.
        while true {
            do throws(StoreError) { try tool.execute("BEGIN IMMEDIATE; ROLLBACK") } catch {
                guard error.code == .busy else { throw error }
                break
            }
            await Task.yield()
        }
        #expect(try !lock.tryLock())
        try reader.execute("COMMIT")
        await ended.value
        #expect(try lock.tryLock())
    }

    @Test func whoeverHasToWaitForTooLongIsTold() async throws {
        let store = try await SQLiteStore.created(path, busyTimeout: .zero)
        let lock = try FileLock(of: store.path)
        try await lock.waitUntilLocked()
        await expectError(.busy, naming: store.path) { try await store.insert(try id("acme")) }
        #expect(try await store.read(try id("acme")) == nil)
        lock.unlock()
        try await store.insert(try id("acme"))
        await store.close()
    }

    @Test func aForeignToolThatWritesIsWaitedForToo() async throws {
        let store = try await SQLiteStore.created(path, busyTimeout: .zero)
        let tool = try Connection(path: store.path)
        try tool.execute("BEGIN IMMEDIATE")
        await expectError(.busy) { try await store.insert(try id("acme")) }
        try tool.execute("COMMIT")
        try await store.insert(try id("acme"))
        await store.close()
    }

    /// Whoever was kept from it by a foreign tool does not keep the others from it afterwards.
    @Test func theLockIsGivenUpWhereAForeignToolWrites() async throws {
        let store = try await SQLiteStore.created(path, busyTimeout: .zero)
        let tool = try Connection(path: store.path)
        try tool.execute("BEGIN IMMEDIATE")
        await expectError(.busy) { try await store.insert(try id("acme")) }
        try tool.execute("COMMIT")
        let other = try await SQLiteStore.open(path, busyTimeout: .zero)
        try await other.insert(try id("acme"))
        await other.close()
        await store.close()
    }

    @Test func aWriterThatWaitsStillAnswersAndLetsACancelledTaskGo() async throws {
        let store = try await SQLiteStore.created(path, busyTimeout: .seconds(3_600))
        let lock = try FileLock(of: store.path)
        try await lock.waitUntilLocked()
        let waiting = Task { try await store.insert(try id("acme")) }
        let kept = Task { try await store.insert(try id("kept")) }
        await jobs(2, areQueuedIn: store)
        _ = try await store.foreignChanges()
        waiting.cancel()
        await expectError(.cancelled) { try await waiting.value }
        lock.unlock()
        try await kept.value
        #expect(try await store.read(try id("acme")) == nil)
        await store.close()
    }

    @Test func whatIsAcceptedBeforeACloseIsWritten() async throws {
        let store = try await SQLiteStore.created(path)
        let lock = try FileLock(of: store.path)
        try await lock.waitUntilLocked()
        let waiting = Task { try await store.insert(try id("acme")) }
        await jobs(1, areQueuedIn: store)
        let closing = Task { await store.close() }
        while !store.writer.queue.isClosed { await Task.yield() }
        lock.unlock()
        try await waiting.value
        await closing.value
        let again = try await SQLiteStore.open(path)
        #expect(try await again.read(try id("acme")) != nil)
        await again.close()
    }

    @Test func nothingOfItsOwnMovesForeignChanges() async throws {
        let store = try await SQLiteStore.created(path)
        let before = try await store.foreignChanges()
        let sealed = [UInt8](repeating: 7, count: 60_000)
        // Over a checkpoint's distance of pages, with refusals and deletes between.
        for number in 1...100 {
            let (one, revision) = (try id("acme", "p\(number)"), UInt64(number))
            try await store.write(WriteBatch(generation: 1, changes: [.insert(one.at(revision), sealed: sealed)]))
            await expectError(.conflict) { try await store.insert(try id("acme", "q"), one) }
            if number.isMultiple(of: 9) {
                try await store.write(WriteBatch(generation: 1, changes: [.delete(one, revision: revision)]))
            }
            _ = try await store.read(one)
            #expect(try await store.foreignChanges() == before, "after \(number)")
        }
        await store.close()
    }

    @Test func theLogIsCopiedAndDoesNotGrowForEver() async throws {
        let store = try await SQLiteStore.created(path)
        let sealed = [UInt8](repeating: 7, count: 60_000)
        for number in 1...300 { try await store.insert(try id("acme", "p\(number)"), sealed: sealed) }
        let size = try FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? Int
        #expect(try #require(size) < 3 * 1_000 * 4_096)
        await store.close()
    }
}

/// A session that ends its transaction on a thread of its own. Used from one place at a time.
private final class Copying: @unchecked Sendable {
    private var session: WriteSession

    init(_ session: consuming WriteSession) { self.session = session }

    func begin() throws(StoreError) -> Bool { try session.begin() }
    func perform(_ work: WriteJob.Work) throws(StoreError) { _ = try session.perform([work]) }

    func end() async {
        await withCheckedContinuation { continuation in
            let isStarted = SystemThread.start(named: "copies the log") {
                self.session.end()
                continuation.resume()
            }
            #expect(isStarted)
        }
    }
}

/// Lets other tasks run until so many jobs wait for the writer, who cannot have the lock.
private func jobs(_ count: Int, areQueuedIn store: SQLiteStore) async {
    while store.writer.queue.jobCount < count { await Task.yield() }
}

/// A file system of 4 MiB with a file that fills some of it, where the machine lets us mount one.
private final class SmallDisk {
    let path: String
    let ballast: String
    private let folder: TemporaryFolder

    init?() throws {
        folder = try TemporaryFolder()
        path = folder.path
        ballast = folder.file("ballast")
        guard geteuid() == 0, unsafe mount("tmpfs", path, "tmpfs", 0, "size=4m") == 0 else { return nil }
        try Data(count: 1 << 20).write(to: URL(filePath: ballast))
    }

    deinit { unsafe umount(path) }
}
