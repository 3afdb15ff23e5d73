// swift-format-ignore-file: OrderedImports
// README's example, line for line; the test below compares.
// README begins
import KeyVault
import KeyVaultSQLite
// README pauses
import Foundation
import Testing

private func example() async throws -> Int {
    // README goes on
    // Both made by: keyvault init --store sqlite:keys.db --master-key-file master.key
    let store = try await SQLiteStore.open("keys.db")
    let vault = try await Vault.open(store, keys: MasterKeyFile("master.key"))
    let id = try RecordID(tenant: "acme", provider: "openai")

    try await vault.put(Secret(contentsOfFile: "openai.key"), for: id)
    let length = try await vault.withSecret(id) { key in
        key.byteCount  // `key` is a RawSpan into guarded memory, which is wiped when the closure ends.
    }
    // README ends
    return length
}

@Suite struct ReadmeExampleTests {
    @Test func theExampleInTheReadmeIsTheOneThatCompilesHere() throws {
        let file = URL(filePath: #filePath)
        let root = file.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let readme = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
        let block = try #require(readme.components(separatedBy: "```swift\n").dropFirst().first)
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
        func words(_ text: String) -> [Substring] { text.split { $0.isWhitespace } }
        #expect(words(shown) == words(compiled.joined(separator: "\n")))
    }

    @Test func theExampleNamesAVaultThatHasToBeCreatedFirst() async throws {
        // Which it would write to.
        try #require(!FileManager.default.fileExists(atPath: "keys.db"))
        await #expect(throws: StoreError(.notFound, "")) { try await example() }
    }
}
