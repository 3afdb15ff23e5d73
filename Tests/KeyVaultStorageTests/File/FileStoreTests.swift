import Foundation
import KeyVaultFormat
import KeyVaultStorage
import KeyVaultTesting
import TestSupport
import Testing

@Suite struct FileStoreTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test(arguments: StoreConformance.cases)
    func conforms(_ testCase: StoreConformance.Case) async throws {
        try await StoreConformance(traits: [.durable], size: 10_000) { [folder] place in
            try await FileStore.open(folder.file(place), create: true)
        }
        .check(testCase)
    }

    /// Whoever opens it by either name would meet nobody at the lock.
    @Test func aLogThatWasMovedAndLinkedToIsNotWrittenTo() async throws {
        let store = try await created("keys.vault")
        try FileManager.default.createDirectory(atPath: folder.file("new"), withIntermediateDirectories: false)
        try FileManager.default.moveItem(atPath: folder.file("keys.vault"), toPath: folder.file("new/keys.vault"))
        try FileManager.default.createSymbolicLink(
            atPath: folder.file("keys.vault"), withDestinationPath: folder.file("new/keys.vault"))
        await #expect(throws: StoreError(.io, "")) { try await store.write(try insert("late")) }
        await #expect(throws: StoreError(.io, "")) { try await store.compact() }
        await store.close()
        let moved = try await FileStore.open(folder.file("keys.vault"))
        try await moved.write(try insert("later"))
        await moved.close()
    }

    @Test func aVaultOfTheNameThatACompactionNeedsIsLeftAlone() async throws {
        let store = try await created("keys.vault")
        let other = try await created("keys.vault-new")
        try await other.write(try insert("precious"))
        await other.close()
        await #expect(throws: StoreError(.exists, "")) { try await store.compact() }
        await store.close()
        await #expect(throws: StoreError(.exists, "")) { try await FileStore.open(folder.file("keys.vault")) }
        let again = try await FileStore.open(folder.file("keys.vault-new"))
        #expect(try await again.scan(.everything, after: nil, limit: 9).map(\.id.label) == ["precious"])
        await again.close()
    }

    @Test func aVaultOfTheNameOfAHintIsLeftAlone() async throws {
        let other = try await created("keys.vault-hint")
        await #expect(throws: StoreError(.exists, "")) {
            try await FileStore.open(folder.file("keys.vault"), create: true)
        }
        await other.close()
        #expect(try folder.names.contains("keys.vault-hint"))
    }

    @Test func aVaultThatHasTakenTheNameOfAHintIsLeftAlone() async throws {
        let store = try await created("keys.vault")
        let other = try await created("keys.vault-hint")
        try await store.write(try insert("a"))
        await store.close()
        try await other.write(try insert("precious"))
        await other.close()
        let again = try await FileStore.open(folder.file("keys.vault-hint"))
        #expect(try await again.scan(.everything, after: nil, limit: 9).map(\.id.label) == ["precious"])
        await again.close()
    }

    /// As whoever took the unfinished file of a compaction for a vault may leave it.
    @Test func aLockWithoutItsVaultIsNoReasonToRefuse() async throws {
        try folder.write([], to: "keys.vault-new-lock")
        let store = try await created("keys.vault")
        try await store.compact()
        await store.close()
        try folder.write([UInt8](repeating: 0, count: 100), to: "keys.vault-new")
        await (try await FileStore.open(folder.file("keys.vault"))).close()
    }

    private func created(_ name: String) async throws -> FileStore {
        let store = try await FileStore.open(folder.file(name), create: true)
        try await store.create(header: [1], generation: 1)
        return store
    }

    private func insert(_ label: String) throws -> WriteBatch {
        let id = try RecordID(tenant: "acme", provider: "openai", label: label)
        return WriteBatch(generation: 1, changes: [.insert(RecordKey(id: id, revision: 1), sealed: [1, 2, 3])])
    }

    @Test func aRepairStatesWhatItGivesUpAndKeepsTheDamagedFile() async throws {
        let path = folder.file("keys.vault")
        let store = try await FileStore.open(path, create: true)
        try await store.create(header: [1, 2, 3], generation: 1)
        for (index, tenant) in ["a", "b", "c"].enumerated() {
            let key = RecordKey(id: try RecordID(tenant: tenant, provider: "openai"), revision: 1)
            let sealed = [UInt8](repeating: UInt8(100 + index), count: 50)
            try await store.write(WriteBatch(generation: 1, changes: [.insert(key, sealed: sealed)]))
        }
        await store.close()
        #expect(try await FileStore.damage(at: path) == nil)
        #expect(try await FileStore.repairAcceptingLoss(path) == nil)

        var bytes = try folder.bytes(of: "keys.vault")
        let start = try #require(bytes.firstRange(of: [UInt8](repeating: 101, count: 50)))
        bytes[start.lowerBound] ^= 1
        try folder.write(bytes, to: "keys.vault")
        let damage = try #require(try await FileStore.damage(at: path))
        #expect(damage.keptRows == 2 && damage.lostChanges == 1 && damage.damagedCopy == nil)
        #expect(damage.ranges.count == 1 && damage.ranges[0].contains(UInt64(start.lowerBound)))
        #expect(try folder.bytes(of: "keys.vault") == bytes)

        let repaired = try #require(try await FileStore.repairAcceptingLoss(path))
        let copy = try #require(repaired.damagedCopy)
        #expect(try Data(contentsOf: URL(filePath: copy)) == Data(bytes))
        #expect("\(repaired)".contains("at least 1 change. 2 rows are whole.") && "\(repaired)".contains(copy))
        let reopened = try await FileStore.open(path)
        #expect(try await reopened.scan(.everything, after: nil, limit: 9).map(\.id.tenant) == ["a", "c"])
        await reopened.close()
    }

    @Test func everyRepairKeepsTheFileThatItFound() async throws {
        let path = folder.file("keys.vault")
        let store = try await FileStore.open(path, create: true)
        try await store.create(header: [1, 2, 3], generation: 1)
        let key = RecordKey(id: try RecordID(tenant: "acme", provider: "openai"), revision: 1)
        try await store.write(WriteBatch(generation: 1, changes: [.insert(key, sealed: [7])]))
        await store.close()
        let whole = try folder.bytes(of: "keys.vault")
        var copies: [String: [UInt8]] = [:]
        for number in 1...3 {
            // As restored from a backup, and damaged anew.
            var bytes = whole
            bytes[whole.count - number] ^= 1
            bytes += [UInt8](repeating: 9, count: number)
            try folder.write(bytes, to: "keys.vault")
            let copy = try #require(try await FileStore.repairAcceptingLoss(path)?.damagedCopy)
            #expect(copies.updateValue(bytes, forKey: copy) == nil)
        }
        for (copy, bytes) in copies { #expect(try Data(contentsOf: URL(filePath: copy)) == Data(bytes)) }
    }

    @Test func aLinkLeadsToTheSameLockAndSurvivesACompaction() async throws {
        let (path, link) = (folder.file("keys.vault"), folder.file("link"))
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
        try FileManager.default.createSymbolicLink(
            atPath: folder.file("sub"), withDestinationPath: URL(filePath: path).deletingLastPathComponent().path())
        let store = try await FileStore.open(folder.file("sub/keys.vault"), create: true)
        try await store.create(header: [1, 2, 3], generation: 1)
        for name in [path, link, folder.file("sub/link")] {
            await #expect(throws: StoreError(.busy, "")) { _ = try await FileStore.open(name) }
        }
        await store.close()
        let linked = try await FileStore.open(link)
        try await linked.compact()
        await linked.close()
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == path)
        let reopened = try await FileStore.open(path)
        #expect(try await reopened.readHead()?.header == [1, 2, 3])
        await reopened.close()
    }

    @Test func whatIsMissingIsNamed() async throws {
        for (path, creates, text) in [
            (folder.file("none/keys.vault"), true, "The directory of"),
            (folder.file("none/keys.vault"), false, "no file store"),
            (folder.file("keys.vault"), false, "no file store"),
        ] {
            let error = try await #require(throws: StoreError.self) {
                _ = try await FileStore.open(path, create: creates)
            }
            #expect(error.code == .notFound && error.message.contains(text) && error.message.contains(path))
        }
        let error = try await #require(throws: StoreError.self) {
            _ = try await FileStore.damage(at: folder.file("none/keys.vault"))
        }
        #expect(error.code == .notFound)
        #expect(try folder.names.isEmpty)
    }

    @Test func whatIsNoFileIsRefusedAndLeavesNothing() async throws {
        try FileManager.default.createDirectory(atPath: folder.file("directory"), withIntermediateDirectories: false)
        try folder.write([1], to: "plain")
        await #expect(throws: StoreError(.io, "")) { try await FileStore.open(folder.file("directory"), create: true) }
        await #expect(throws: StoreError(.notFound, "")) {
            try await FileStore.open(folder.file("plain/x"), create: true)
        }
        #expect(try folder.names == ["directory", "plain"])
    }

    @Test func aPathThatTheSystemWouldCutIsRefused() async throws {
        await #expect(throws: StoreError(.invalid, "")) {
            _ = try await FileStore.open(folder.file("keys\0.vault"), create: true)
        }
        await #expect(throws: StoreError(.invalid, "")) { try await FileStore.damage(at: folder.file("keys\0.vault")) }
        await #expect(throws: StoreError(.invalid, "")) {
            try await FileStore.repairAcceptingLoss(folder.file("keys\0.vault"))
        }
        #expect(try folder.names.isEmpty)
    }

    @Test func aLinkToNothingLeadsToWhatIsMadeThere() async throws {
        let (path, link) = (folder.file("later.vault"), folder.file("link"))
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "another")
        try FileManager.default.createSymbolicLink(atPath: folder.file("another"), withDestinationPath: path)
        let store = try await FileStore.open(link, create: true)
        try await store.create(header: [1, 2, 3], generation: 1)
        await #expect(throws: StoreError(.busy, "")) { _ = try await FileStore.open(path) }
        await store.close()
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "another")
        #expect(try folder.names == ["another", "later.vault", "later.vault-hint", "later.vault-lock", "link"])
        // One that leads back to itself is refused.
        try FileManager.default.createSymbolicLink(atPath: folder.file("loop"), withDestinationPath: "loop")
        await #expect(throws: StoreError(.io, "")) { _ = try await FileStore.open(folder.file("loop")) }
    }

    @Test func aLockThatIsGoneIsNoticed() async throws {
        let path = folder.file("keys.vault")
        let store = try await FileStore.open(path, create: true)
        try await store.create(header: [1, 2, 3], generation: 1)
        try FileManager.default.removeItem(atPath: path + "-lock")
        // Now another process could open it.
        let other = try await FileStore.open(path)
        let batch = WriteBatch(
            generation: 1,
            changes: [.insert(RecordKey(id: try RecordID(tenant: "a", provider: "openai"), revision: 1), sealed: [7])])
        await #expect(throws: StoreError(.io, "")) { try await store.write(batch) }
        await #expect(throws: StoreError(.io, "")) { try await store.compact() }
        #expect(try folder.names == ["keys.vault", "keys.vault-lock"])
        try await other.write(batch)
        await store.close()
        #expect(try await other.scan(.everything, after: nil, limit: 9).count == 1)
        await other.close()
    }

    @Test func aHintLargerThanItsLogIsIgnored() async throws {
        let path = folder.file("keys.vault")
        let store = try await FileStore.open(path, create: true)
        try await store.create(header: [1, 2, 3], generation: 1)
        await store.close()
        // Nothing of this size could be read into memory.
        let hint = try FileHandle(forWritingTo: URL(filePath: path + "-hint"))
        try hint.truncate(atOffset: 1 << 39)
        try hint.close()
        let reopened = try await FileStore.open(path)
        #expect(try await reopened.readHead()?.header == [1, 2, 3])
        await reopened.close()
    }

    /// What is written to a file that has lost its name is gone with its last user.
    @Test func aFileThatIsGoneIsNoticedAndFoundAgain() async throws {
        let (path, away) = (folder.file("keys.vault"), folder.file("away.vault"))
        let store = try await FileStore.open(path, create: true)
        try await store.create(header: [1, 2, 3], generation: 1)
        func insert(_ tenant: String) async throws {
            let key = RecordKey(id: try RecordID(tenant: tenant, provider: "openai"), revision: 1)
            try await store.write(WriteBatch(generation: 1, changes: [.insert(key, sealed: [7])]))
        }
        try await insert("acme")

        try FileManager.default.moveItem(atPath: path, toPath: away)
        await #expect(throws: StoreError(.io, "")) { try await insert("late") }
        await #expect(throws: StoreError(.io, "")) { _ = try await store.readHead() }
        await #expect(throws: StoreError(.io, "")) { _ = try await store.scan(.everything, after: nil, limit: 9) }
        // Somebody else's file in its place is not replaced.
        try Data("theirs".utf8).write(to: URL(filePath: path))
        await #expect(throws: StoreError(.io, "")) { try await store.compact() }
        #expect(try Data(contentsOf: URL(filePath: path)) == Data("theirs".utf8))

        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.moveItem(atPath: away, toPath: path)
        try await insert("late")
        try await store.compact()
        await store.close()
        let reopened = try await FileStore.open(path)
        let tenants = try await reopened.scan(.everything, after: nil, limit: 9).map(\.id.tenant)
        #expect(tenants == ["acme", "late"])
        await reopened.close()
    }
}
