import Foundation
import KeyVault
import Testing

/// Errors are cut between what happened and what to do, and hints say what helps and nothing else.
@Suite struct FailureTests {
    let box: Sandbox
    private let passphrase = ["KEYVAULT_PASSPHRASE_FILE": "passphrase"]

    init() throws {
        box = try Sandbox.withVault()
        try write("battery staple", to: "passphrase")
    }

    private func write(_ text: String, to name: String) throws {
        try #require(
            FileManager.default.createFile(
                atPath: box.path(name), contents: Data(text.utf8), attributes: [.posixPermissions: 0o600]))
    }

    private func hint(_ outcome: Outcome) -> String {
        let hint = outcome.errors.split(separator: "\n").last ?? ""
        return hint.replacingOccurrences(of: "keyvault: hint: ", with: "")
    }

    @Test func whoOpensByAPassphraseIsToldOfNoKeyFile() throws {
        let none = try box.run("list", "--passphrase", environment: passphrase)
        none.expectError(6, "does not open by a passphrase")
        #expect(hint(none) == "Name its key file instead.")
        try box.run("passphrase", "change", input: "correct horse").expectSuccess()
        let wrong = try box.run("list", "--passphrase", environment: passphrase)
        wrong.expectError(6, "Wrong passphrase")
        #expect(hint(wrong) == "Try again.")
    }

    @Test func aKeyFileThatDoesNotOpenIsToldOfTheOptionAndTheVariable() throws {
        try write(String(repeating: "c0ffee01", count: 8), to: "other")
        for (file, message) in [("other", "Wrong master key"), ("none", "none cannot be read")] {
            let outcome = try box.run("list", "--master-key-file", file)
            outcome.expectError(6, message, hint: "Use --master-key-file or KEYVAULT_MASTER_KEY_FILE.")
            #expect(!outcome.errors.contains("passphrase"))
        }
        let doctor = try box.run("doctor", "--master-key-file", "none")
        #expect(doctor.text.contains("Use --master-key-file or KEYVAULT_MASTER_KEY_FILE."))
    }

    @Test func aVaultThatOpensByAPassphraseSaysHow() throws {
        try box.run("passphrase", "change", input: "correct horse").expectSuccess()
        try box.run("list", "--master-key-file", "none").expectError(
            6, "none cannot be read", hint: "Use --passphrase, --master-key-file or KEYVAULT_MASTER_KEY_FILE.")
    }

    @Test(arguments: ["sqlite", "file"])
    func whereNoVaultIsTheCommandThatMakesOneIsNamed(kind: String) throws {
        for path in ["none", "a. b", "a. B"] {
            try box.run("list", "--store", "\(kind):\(path)").expectError(
                3, "\(path).", hint: "Create a vault there with 'keyvault init', or check --store.")
        }
        // What is to be made first is another thing.
        try box.run("init", "--store", "\(kind):none/vault").expectError(3, "does not exist.", hint: "Create it")
    }

    @Test func aFileStoreInUseSaysWhatToDo() async throws {
        let store = ["KEYVAULT_STORE": "file:keys.vault"]
        try box.run("init", environment: store).expectSuccess()
        let held = try await FileStore.open(box.path("keys.vault"))
        for command in ["list", "repair"] {
            let outcome = try box.run(command, environment: store)
            outcome.expectError(1, "is in use by process", hint: "A file store serves one process at a time. ")
            #expect(outcome.errors.contains("End that one") && outcome.errors.contains("'keyvault migrate'"))
        }
        await held.close()
        try box.run("list", environment: store).expectSuccess()
    }

    @Test(arguments: [".", "a. b", "a. B"])
    func aPathIsNotCut(path: String) throws {
        try FileManager.default.createDirectory(
            at: box.folder.appending(path: path), withIntermediateDirectories: true)
        let outcome = try box.run("list", "--store", "sqlite:\(path)")
        outcome.expectError(1, "\(path) cannot be opened (Is a directory).")
        #expect(hint(outcome) == "Check the path and who may read and write there.")
    }
}
