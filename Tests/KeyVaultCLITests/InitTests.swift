import Foundation
import Testing

/// `init`, and the files it makes.
@Suite struct InitTests {
    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test func makesTheVaultAndItsKeyForTheOwnerAlone() throws {
        let box = try Sandbox()
        let outcome = try box.run("init")
        #expect(outcome.status == 0 && outcome.errors == "")
        #expect(outcome.text.contains("in sqlite:keyvault.db"))
        #expect(outcome.text.contains(box.masterKeyPath) && outcome.text.contains("Keep a copy"))
        #expect(try mode(box.masterKeyPath) == 0o600)
        #expect(try mode(box.path("config/keyvault")) == 0o700)
        #expect(try mode(box.path("keyvault.db")) == 0o600)
        #expect(try Data(contentsOf: URL(filePath: box.masterKeyPath)).count == 32)
    }

    @Test func takesAKeyThatIsThere() throws {
        let box = try Sandbox()
        let key = Data((0..<32).map { UInt8(200 - $0) })
        let hexadecimal = key.map { String($0, radix: 16) }.joined() + "\n"
        _ = FileManager.default.createFile(
            atPath: box.path("key"), contents: Data(hexadecimal.utf8), attributes: [.posixPermissions: 0o600])
        #expect(try box.run("init", "--master-key-file", "key").status == 0)
        _ = FileManager.default.createFile(
            atPath: box.path("raw"), contents: key, attributes: [.posixPermissions: 0o600])
        #expect(try box.run("list", environment: ["KEYVAULT_MASTER_KEY_FILE": "raw"]).status == 0)
        #expect(try box.run("list", environment: ["KEYVAULT_MASTER_KEY_FILE": "raw, key"]).status == 0)
        #expect(try box.run("list", environment: ["KEYVAULT_MASTER_KEY_FILE": "raw, "]).status == 0)
        #expect(!FileManager.default.fileExists(atPath: box.masterKeyPath))
    }

    @Test func aVaultThatIsThereStays() throws {
        let box = try Sandbox.withVault()
        _ = try box.run("put", "acme/mine", input: "secret")
        try box.run("init").expectError(1, "There is a vault in sqlite:keyvault.db already")
        // Nor is a key made for nothing.
        try box.run("init", "--master-key-file", "other").expectError(1, "already")
        #expect(!FileManager.default.fileExists(atPath: box.path("other")))
        #expect(try box.run("reveal", "acme/mine").text == "secret")
    }

    @Test func aDirectoryThatDoesNotExistIsNotMade() throws {
        let box = try Sandbox()
        try box.run("init", "--store", "sqlite:none/vault.db").expectError(3, "does not exist", hint: "Create it")
        try box.run("init", "--master-key-file", "none/key").expectError(6, "none/key")
    }

    @Test func withoutAHomeAKeyFileMustBeNamed() throws {
        let box = try Sandbox()
        try box.run("init", environment: ["HOME": "", "XDG_CONFIG_HOME": ""])
            .expectError(6, "No master-key file is named", hint: "--master-key-file")
        try box.run(
            "init",
            environment: ["HOME": box.path("home"), "XDG_CONFIG_HOME": "relative", "KEYVAULT_STORE": "sqlite:a"]
        )
        .expectSuccess()
        #expect(FileManager.default.fileExists(atPath: box.path("home/.config/keyvault/master.key")))
    }

    @Test(arguments: ["sqlite", "file"])
    func aPassphraseThatIsTooShortLeavesNothingBehind(kind: String) throws {
        let box = try Sandbox()
        let arguments = ["init", "--passphrase", "--store", "\(kind):vault"]
        try box.run(arguments, input: "short").expectError(64, "shorter than 8 bytes", hint: "several words")
        _ = FileManager.default.createFile(
            atPath: box.path("short"), contents: Data("short".utf8), attributes: [.posixPermissions: 0o600])
        try box.run(arguments, environment: ["KEYVAULT_PASSPHRASE_FILE": "short"]).expectError(
            64, "shorter than 8 bytes", hint: "several words")
        #expect(try FileManager.default.contentsOfDirectory(atPath: box.folder.path()) == ["short"])
    }

    @Test func aVaultUnderAPassphraseHasNoKeyFile() throws {
        let box = try Sandbox()
        try box.run("init", "--passphrase", "--master-key-file", "key", input: "correct horse").expectError(
            64, "has no key file")
        try box.run("init", "--passphrase", input: "short").expectError(64, "shorter than 8 bytes")
        let outcome = try box.run("init", "--passphrase", input: "correct horse\n")
        outcome.expectSuccess()
        #expect(outcome.text.contains("--passphrase"))
        #expect(!FileManager.default.fileExists(atPath: box.masterKeyPath))
        try box.run("init", "--passphrase", input: "battery staple").expectError(1, "already")

        _ = FileManager.default.createFile(
            atPath: box.path("passphrase"), contents: Data("correct horse".utf8),
            attributes: [.posixPermissions: 0o600])
        let file = ["KEYVAULT_PASSPHRASE_FILE": "passphrase"]
        try box.run("--passphrase", "put", "acme/mine", input: "secret", environment: file).expectSuccess()
        #expect(try box.run("--passphrase", "reveal", "acme/mine", environment: file).text == "secret")
        try box.run("list").expectError(6, "cannot be read", hint: "This vault opens by a passphrase")
        try box.run("init", "--passphrase", "--store", "sqlite:other.db", environment: file).expectSuccess()
        #expect(try box.run("--passphrase", "list", "--store", "sqlite:other.db", environment: file).status == 0)
    }

    @Test func aVaultMayBeAFile() throws {
        let box = try Sandbox()
        let environment = ["KEYVAULT_STORE": "file:keys.vault"]
        try box.run("init", environment: environment).expectSuccess()
        try box.run("put", "acme/mine", input: "secret", environment: environment).expectSuccess()
        #expect(try box.run("reveal", "acme/mine", environment: environment).text == "secret")
        try box.run("list", "--store", "file:none").expectError(3, "none", hint: "keyvault init")
    }
}
