import Foundation
import KeyVaultStorage
import Testing

@testable import KeyVaultSQLite

@Suite struct MovedFileTests {
    @Test func aFileThatIsGoneIsNoticedAndFoundAgain() async throws {
        let directory = try TemporaryDirectory()
        let store = try await SQLiteStore.created(directory("vault.db"))
        try await store.insert(try id("acme"))
        // Whoever reads from here on has a connection already.
        _ = try await store.readHead()
        let files = try directory.names
        func move(_ from: String, _ to: String) throws {
            for name in files {
                try FileManager.default.moveItem(
                    atPath: directory("\(from)\(name)"), toPath: directory("\(to)\(name)"))
            }
        }
        try move("", "away-")
        await expectError(.io, naming: "moved") { try await store.insert(try id("late")) }
        await expectError(.io, naming: "moved") { _ = try await store.readHead() }
        await expectError(.io, naming: "moved") { _ = try await store.providers(of: "acme") }
        try move("away-", "")
        try await store.insert(try id("late"))
        #expect(try await store.providers(of: "late") == ["openai"])
        await store.close()
    }
}
