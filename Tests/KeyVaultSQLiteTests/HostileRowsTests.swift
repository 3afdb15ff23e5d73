import Foundation
import KeyVaultFormat
import KeyVaultSQLite
import KeyVaultStorage
import TestSupport
import Testing

/// What somebody who can write to the database, but has no key, can make of its rows.
@Suite struct HostileRowsTests {
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.file("vault.db")
    }

    /// A vault with one good record, `good/openai`, and what `sql` does to it.
    private func store(after sql: String) async throws -> SQLiteStore {
        let store = try await SQLiteStore.created(path)
        try await store.insert(try id("good"))
        await store.close()
        try runSQL(sql, on: path)
        return try await SQLiteStore.open(path)
    }

    @Test(arguments: ["zeroblob(\(SealedRecord.maximumLength + 1))", "zeroblob(900000)", "zeroblob(50000000)"])
    func bytesThatAreTooLongComeAsNoneAndAreDeleted(_ blob: String) async throws {
        let store = try await store(after: "INSERT INTO records VALUES ('big', 'openai', 'default', 1, \(blob))")
        let big = StoredRecord(key: try id("big").at(1), sealed: [])
        #expect(try await store.read(big.id) == big)
        #expect(try await store.read(big.key) == big)
        #expect(try await store.scan(.everything, after: nil, limit: 9).map(\.sealed) == [[], [1, 2, 3]])
        #expect(try await store.scan(.currentOf(tenant: "big"), after: nil, limit: 9) == [big])
        try await store.write(
            WriteBatch(
                generation: 1,
                changes: [.replace(big.id.at(2), sealed: [5], replacing: 1, commitment: nil, retained: nil)]))
        #expect(try await store.read(big.id)?.sealed == [5])
        try await store.write(WriteBatch(generation: 1, changes: [.delete(big.id, revision: nil)]))
        #expect(try await store.read(big.id) == nil)
        await store.close()
    }

    /// A list of what is current does not even walk over what the vault keeps for itself, such as tokens without number.
    @Test func aListJumpsOverTheVaultsOwnRows() async throws {
        let store = try await SQLiteStore.created(path)
        try await store.insert(try id("acme"), try id("Acme"))
        let own = try (1_000..<2_000).map { try id("_tokens", "t\($0)") }
        try await store.write(
            WriteBatch(
                generation: 1,
                changes: own.map { .insert($0.at(1), sealed: [UInt8](repeating: 7, count: 200)) }))
        await store.close()
        // Every leaf of the tree (its first byte is 10) that has some of the rows in the middle is damaged.
        var file = Array(try Data(contentsOf: URL(filePath: path)))
        let (size, row) = (4_096, Array("_tokenst155".utf8))
        let leaves = stride(from: size, to: file.count, by: size).filter { start in
            file[start] == 10 && !file[start..<(start + size)].ranges(of: row).isEmpty
        }
        #expect(!leaves.isEmpty)
        for start in leaves { file.replaceSubrange(start..<(start + size), with: repeatElement(0xFF, count: size)) }
        try Data(file).write(to: URL(filePath: path))
        let again = try await SQLiteStore.open(path)
        await expectError(.corrupt) { _ = try await again.scan(.everything, after: nil, limit: 9_999) }
        for limit in [1, 9] {
            let first = try await again.scan(.current, after: nil, limit: limit)
            #expect(first.map(\.id.tenant) == (limit == 1 ? ["Acme"] : ["Acme", "acme"]))
        }
        #expect(try await again.scan(.current, after: try id("Acme").at(1), limit: 9).map(\.id.tenant) == ["acme"])
        await again.close()
    }

    /// The next write would make a second one.
    @Test func aHeaderInAnotherRowIsNone() async throws {
        let store = try await store(after: "PRAGMA ignore_check_constraints = ON; UPDATE vault SET singleton = 3")
        await expectError(.corrupt, naming: "header") { _ = try await store.readHead() }
        await expectError(.corrupt, naming: "header") { try await store.insert(try id("late")) }
        await store.close()
    }

    @Test func rowsOfATreeThatRunsTheOtherWayAreCorrupt() async throws {
        let rewrite = "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, "
        let rows =
            "INSERT INTO records VALUES "
            + ["a", "b", "c"].map { "('\($0)', 'openai', 'default', 1, x'01')" }.joined(separator: ", ")
        let store = try await SQLiteStore.created(path)
        await store.close()
        try runSQL("\(rewrite) '(tenant, p', '(tenant DESC, p')", on: path)
        try runSQL(rows, on: path)
        try runSQL("\(rewrite) '(tenant DESC, p', '(tenant, p')", on: path)
        let damaged = try await SQLiteStore.open(path)
        for limit in 2...4 {
            await expectError(.corrupt, naming: "order") {
                _ = try await damaged.scan(.everything, after: nil, limit: limit)
            }
        }
        await damaged.close()
    }

    @Test(arguments: [0, -1, Int64.min])
    func aRevisionThatIsNoneIsCorruptAndIsDeleted(_ revision: Int64) async throws {
        let store = try await store(
            after: "INSERT INTO records VALUES ('bad', 'openai', 'default', \(revision), x'01')")
        let bad = try id("bad")
        await expectError(.corrupt, naming: "bad/openai") { _ = try await store.read(bad) }
        await expectError(.corrupt, naming: "bad/openai") {
            _ = try await store.scan(.everything, after: nil, limit: 9)
        }
        await expectError(.corrupt) { _ = try await store.scan(.currentOf(tenant: "bad"), after: nil, limit: 9) }
        await expectError(.corrupt) {
            try await store.write(WriteBatch(generation: 1, changes: [.insert(bad.at(1), sealed: [])]))
        }
        #expect(try await store.read(try id("good")) != nil)
        try await store.write(WriteBatch(generation: 1, changes: [.delete(bad, revision: nil)]))
        #expect(try await store.scan(.everything, after: nil, limit: 9).map(\.id.tenant) == ["good"])
        await store.close()
    }

    @Test(arguments: [
        "CAST(x'FF' AS TEXT)", "CAST(x'610062' AS TEXT)", "CAST(x'C080' AS TEXT)", "CAST(x'EDA080' AS TEXT)", "''",
        "'a/b'",
        "printf('%.*c', 256, 'x')", "printf('%.*c', 1000000, 'x')", "char(10)", "char(0x85)",
    ])
    func aNameThatIsNoneIsReportedAndLeavesTheOthersReadable(_ name: String) async throws {
        for row in [
            "(\(name), 'openai', 'default', 1, x'01')", "('bad', \(name), 'default', 1, x'01')",
            "('bad', 'openai', \(name), 1, x'01')",
        ] {
            let folder = try TemporaryFolder()
            let store = try await SQLiteStore.created(folder.file("vault.db"))
            try await store.insert(try id("good"))
            try runSQL("INSERT INTO records VALUES \(row)", on: store.path)
            await expectError(.corrupt, naming: store.path) {
                _ = try await store.scan(.everything, after: nil, limit: 9)
            }
            await expectError(.corrupt) { _ = try await store.scan(.current, after: nil, limit: 9) }
            #expect(try await store.read(try id("good")) != nil)
            #expect(try await store.scan(.everythingOf(tenant: "good"), after: nil, limit: 9).count == 1)
            try await store.insert(try id("another"))
            await store.close()
        }
    }

    @Test(arguments: [
        "UPDATE vault SET generation = -5", "UPDATE vault SET revision_floor = -1",
        "PRAGMA ignore_check_constraints = ON; INSERT INTO vault VALUES (2, x'01', 1, 0)",
        "UPDATE vault SET header = zeroblob(65537)", "UPDATE vault SET header = zeroblob(90000000)",
    ])
    func aDamagedHeadIsCorrupt(_ sql: String) async throws {
        let store = try await store(after: sql)
        await expectError(.corrupt, naming: "header") { _ = try await store.readHead() }
        await expectError(.corrupt) { try await store.insert(try id("acme")) }
        await expectError(.corrupt) { try await store.create(header: [1]) }
        await store.close()
    }

    @Test func aHeadAtTheLastNumbersIsReadAndGoesNoFurther() async throws {
        let last = Int64.max
        let store = try await store(after: "UPDATE vault SET generation = \(last), revision_floor = \(last)")
        let head = StoreHead(header: [1], generation: UInt64(last), revisionFloor: UInt64(last))
        #expect(try await store.readHead() == head)
        await expectError(.conflict) {
            try await store.write(
                WriteBatch(generation: UInt64(last), changes: [.insert(try id("acme").at(UInt64(last)), sealed: [])]))
        }
        await expectError(.invalid) { try await store.write(WriteBatch(generation: UInt64(last), header: [2])) }
        #expect(try await store.readHead() == head)
        await store.close()
    }
}
