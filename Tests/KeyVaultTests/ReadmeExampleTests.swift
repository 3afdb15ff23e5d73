// swift-format-ignore-file: OrderedImports
// README's example, line for line; the test below compares.
// README begins
import KeyVault
import KeyVaultSQLite
// README pauses
import Foundation
import TestSupport
import Testing

private func example() async throws -> String {
    // README goes on
    // Once. From then on: Vault.open(SQLiteStore.open("keys.db"), keys: MasterKeyFile("master.key"))
    let store = try await SQLiteStore.open("keys.db", create: true)
    let keys = try MasterKeyRing(MasterKeyFile.create(at: "master.key"))
    let vault = try await Vault.create(in: store, masterKey: keys)
    let id = try RecordID(tenant: "acme", provider: "openai")
    try await vault.put(Secret(contentsOfFile: "openai.key"), for: id)  // Refused if others may read it: chmod 600.
    let authorization = try await vault.withSecret(id) { key in
        // A copy in ordinary memory, which is yours to protect: make it where it is sent, and keep it no longer.
        unsafe "Bearer " + key.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    }
    // README ends
    await vault.close()
    return authorization
}

@Suite struct ReadmeExampleTests {
    @Test func theExampleInTheReadmeIsTheOneThatCompilesHere() throws {
        let file = URL(filePath: #filePath)
        let root = file.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let readme = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
        let blocks = readme.components(separatedBy: "```swift\n")
        let block = try #require(blocks.first { $0.hasPrefix("import KeyVault\n") })
        let shown = try #require(block.components(separatedBy: "```").first)

        var isExample = false
        var compiled: [String] = []
        for line in try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\n") {
            switch line.trimmingCharacters(in: .whitespaces) {
            case "// README begins", "// README goes on": isExample = true
            case "// README pauses", "// README ends": isExample = false
            case let text where isExample: compiled.append(text)
            default: continue
            }
        }
        // Only a target with strict memory safety, as ours are, writes `unsafe`.
        func words(_ text: String) -> [Substring] { text.split { $0.isWhitespace }.filter { $0 != "unsafe" } }
        #expect(words(shown) == words(compiled.joined(separator: "\n")))
    }

    /// In a process of its own, since it names files in the current folder.
    @Test func theExampleRuns() async throws {
        let folder = try TemporaryFolder()
        await #expect(processExitsWith: .success) { [folder = folder.path as String] in
            try #require(FileManager.default.changeCurrentDirectoryPath(folder))
            let key = "sk-proj-" + String(repeating: "aB3", count: 40)
            try #require(
                FileManager.default.createFile(
                    atPath: "openai.key", contents: Data(key.utf8), attributes: [.posixPermissions: 0o600]))
            #expect(try await example() == "Bearer " + key)

            let vault = try await Vault.open(SQLiteStore.open("keys.db"), keys: MasterKeyFile("master.key"))
            #expect(try await vault.list().entries.map(\.id) == [RecordID(tenant: "acme", provider: "openai")])
            await vault.close()
        }
    }
}
