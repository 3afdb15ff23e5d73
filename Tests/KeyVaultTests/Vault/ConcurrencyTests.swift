import Foundation
import KeyVault
import KeyVaultSQLite
import TestSupport
import Testing

/// 8 tasks and 10,000 operations on each store, all at once: everybody finds what he wrote. What the thread sanitizer looks at.
@Suite struct ConcurrencyTests {
    private static let tasks = 8
    private static let steps = 1250
    private static let ids = 5

    @Test(arguments: ["memory", "sqlite", "file"])
    func everybodyFindsWhatHeWrote(_ kind: String) async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("vault")
        let ring = try MasterKeyRing(.random())
        let vault =
            switch kind {
            case "sqlite": try await Vault.create(in: SQLiteStore.open(path, create: true), masterKey: ring)
            case "file": try await Vault.create(in: FileStore.open(path, create: true), masterKey: ring)
            default: try await Vault.create(in: MemoryStore(), masterKey: ring)
            }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<Self.tasks { group.addTask { try await Self.work(vault, task) } }
            try await group.waitForAll()
        }
        #expect(try await vault.verify().damaged.isEmpty)
        await vault.close()
    }

    /// Puts, reads, lists and deletes records of its own, and reads those of another.
    private static func work(_ vault: Vault, _ task: Int) async throws {
        let own = try (0..<ids).map { try RecordID(tenant: "t\(task)", provider: "p\($0)") }
        let other = try RecordID(tenant: "t\((task + 1) % tasks)", provider: "p0")
        var lengths = [Int?](repeating: nil, count: ids)
        for step in 0..<steps {
            let index = step % ids
            switch step % 16 {
            case 0:
                try await vault.put(Secret(String(repeating: "k", count: 1 + step % 200)), for: own[index])
                lengths[index] = 1 + step % 200
            case 7: #expect(try await vault.list(tenant: "t\(task)").entries.count == lengths.count { $0 != nil })
            case 11 where step % 3 == 0:
                #expect(try await vault.delete(own[index]) == (lengths[index] != nil))
                lengths[index] = nil
            case 13: _ = try await length(of: other, in: vault)
            default: #expect(try await length(of: own[index], in: vault) == lengths[index])
            }
        }
    }

    private static func length(of id: RecordID, in vault: Vault) async throws -> Int? {
        do {
            return try await vault.withSecret(id) { $0.byteCount }
        } catch let error as VaultError where error.code == .notFound {
            return nil
        }
    }
}
