import Foundation
import KeyVault
import Testing

/// Bad input gets a clear error, the right exit code, and loses nothing.
@Suite struct BadInputTests {
    let box: Sandbox

    init() throws {
        box = try Sandbox.withVault()
        try #require(try box.run("put", "acme/mine", input: "secret").status == 0)
    }

    private func expectNothingLost() throws {
        #expect(try box.run("reveal", "acme/mine").text == "secret")
        #expect(try box.run("list", "--json").json(as: [Any].self).count == 1)
    }

    private func key(_ name: String, _ contents: Data, mode: Int = 0o600) -> String {
        _ = FileManager.default.createFile(
            atPath: box.path(name), contents: contents, attributes: [.posixPermissions: mode])
        return name
    }

    @Test(
        arguments: [
            ("", "empty"), ("\n", "empty"), ("a\nb", "line break"), ("a\rb", "line break"), ("a\0", "NUL"),
            ("a\n\n", "line break"), (String(repeating: "k", count: 65_537), "longer than 65536 bytes"),
            (String(repeating: "k", count: 200_000), "longer than 65536 bytes"),
        ])
    func secretsThatAreNoKeys(input: String, message: String) throws {
        try box.run("put", "acme/mine", input: input).expectError(9, message)
        try expectNothingLost()
    }

    @Test(
        arguments: [
            ("", "The passphrase is empty", "Give the passphrase itself"),
            ("\n", "The passphrase is empty", "Give the passphrase itself"),
            ("correct\nhorse", "The passphrase holds a line break", "right file"),
            ("correct\0horse", "The passphrase holds a NUL byte", "right file"),
            (String(repeating: "k", count: 100_000), "The passphrase is longer than 65536 bytes", "a passphrase?"),
        ])
    func passphrasesThatAreNone(input: String, message: String, hint: String) throws {
        let outcome = try box.run("passphrase", "change", input: input)
        outcome.expectError(9, message, hint: hint)
        #expect(!outcome.errors.contains("--allow-binary"))
        let file = ["KEYVAULT_PASSPHRASE_FILE": key("passphrase", Data(input.utf8))]
        let first = try box.run("init", "--passphrase", "--store", "sqlite:other.db", environment: file)
        if input == "\n" { first.expectError(6, "The passphrase in passphrase is empty") }
        try expectNothingLost()
    }

    /// Where each byte that is none of UTF-8 became the same mark, one account's key would be another's.
    @Test(arguments: ["put", "reveal", "delete --yes", "list --tenant", "--store"])
    func argumentsThatAreNoUTF8(_ command: String) throws {
        try box.shell("printf key | \"$0\" \(command) \"$(printf 'ac\\377me/mine')\"").expectError(64, "no UTF-8")
        try expectNothingLost()
    }

    @Test func aClosedInput() throws {
        try box.run("put", "acme/mine", redirection: "<&-").expectError(9, "cannot be read")
        try box.run("put", "acme/mine", redirection: "</").expectError(9, "cannot be read")
        try expectNothingLost()
    }

    @Test func anOutputThatFails() throws {
        try box.run("reveal", "acme/mine", redirection: ">&-").expectError(1, "cannot be written")
        try box.run("reveal", "acme/mine", redirection: ">/dev/full").expectError(
            1, "cannot be written: No space left")
        try box.run("list", "--json", redirection: ">/dev/full").expectError(1, "cannot be written")
        // The exit code is what is left.
        #expect(try box.run("reveal", "acme/none", redirection: "2>&-").status == 3)
    }

    @Test func theWrongMasterKey() throws {
        let other = key("other", Data((0..<32).map { $0 &* 7 | 128 }))
        for command in [["list"], ["reveal", "acme/mine"], ["put", "acme/mine"], ["verify"]] {
            try box.run(command + ["--master-key-file", other], input: "new")
                .expectError(6, "Wrong master key", hint: "KEYVAULT_MASTER_KEY_FILE")
        }
        try expectNothingLost()
    }

    @Test func masterKeyFilesThatAreNone() throws {
        try box.run("list", "--master-key-file", "none").expectError(
            6, "none cannot be read", hint: "--master-key-file")
        try box.run("list", "--master-key-file", ".").expectError(6, ". is a directory")
        try box.run("list", "--master-key-file", key("empty", Data())).expectError(6, "empty")
        try box.run("list", "--master-key-file", key("short", Data("abc".utf8))).expectError(
            6, "short is no master key")
        let typed = key("typed", Data("a password of 32 printable bytes".utf8))
        try box.run("list", "--master-key-file", typed).expectError(6, "printable text", hint: "random key")
    }

    @Test(arguments: [0o604, 0o640, 0o644, 0o666])
    func masterKeyFilesThatOthersCanRead(mode: Int) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: box.masterKeyPath)
        try box.run("list").expectError(6, "can be read by others", hint: "chmod 600")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: box.masterKeyPath)
        try expectNothingLost()
    }

    @Test func noVault() throws {
        try box.run("list", "--store", "sqlite:none.db").expectError(3, "none.db")
        try box.run("list", "--store", "sqlite:none/vault.db").expectError(3, "does not exist")
        try box.run("list", "--store", "file:none.vault").expectError(3, "none.vault")
        for name in ["none.db", "none.db-lock", "none.vault-lock"] {
            #expect(!FileManager.default.fileExists(atPath: box.path(name)))
        }
    }

    /// Bytes of the database's header, as SQLite's documentation gives their places.
    @Test(
        arguments: [
            (0, "keyvault.db", Int32(1)),  // magic
            (60, "later", 1),  // user_version: the version of our schema
            (68, "keyvault.db", 1),  // application_id
        ])
    func databasesThatAreNotOurs(offset: Int, message: String, status: Int32) throws {
        let url = box.folder.appending(path: "keyvault.db")
        let sound = try Data(contentsOf: url)
        var changed = sound
        changed[offset] = 0x7F
        try changed.write(to: url)
        try box.run("reveal", "acme/mine").expectError(status, message)
        #expect(try Data(contentsOf: url) == changed)
        try sound.write(to: url)
        try expectNothingLost()
    }

    @Test func aTruncatedDatabase() throws {
        let url = box.folder.appending(path: "keyvault.db")
        let sound = try Data(contentsOf: url)
        for length in [1, 100, 4096, sound.count - 4096, sound.count - 1] {
            try sound.prefix(length).write(to: url)
            let outcome = try box.run("verify")
            // SQLite takes a file of one byte for an empty one: there is no vault in it.
            #expect((length == 1 ? [3] : [1, 7]).contains(outcome.status), "\(length): \(outcome)")
            outcome.expectErrorLines("")
        }
        try sound.write(to: url)
        try expectNothingLost()
    }

    @Test(.enabled(if: geteuid() != 0, "root may write everything"))
    func aReadOnlyDatabase() throws {
        try FileManager.default.setAttributes([.posixPermissions: 0o400], ofItemAtPath: box.path("keyvault.db"))
        try box.run("put", "acme/mine", input: "new").expectError(1, "may not be written")
    }

    /// `65534` is nobody.
    @Test(
        .enabled(if: geteuid() == 0, "only root gives files away"),
        arguments: ["sqlite:keyvault.db", "file:keys.vault"])
    func theLockThatRootMakesBelongsToTheStoresOwner(store: String) throws {
        let path = box.path(String(store.split(separator: ":")[1]))
        if !FileManager.default.fileExists(atPath: path) { try box.run("init", "--store", store).expectSuccess() }
        try FileManager.default.removeItem(atPath: path + "-lock")
        let nobody: [FileAttributeKey: Int] = [.ownerAccountID: 65_534, .groupOwnerAccountID: 65_534]
        try FileManager.default.setAttributes(nobody, ofItemAtPath: path)
        try box.run("list", "--store", store).expectSuccess()
        let lock = try FileManager.default.attributesOfItem(atPath: path + "-lock")
        #expect(lock[.ownerAccountID] as? Int == 65_534 && lock[.groupOwnerAccountID] as? Int == 65_534)
        #expect(lock[.posixPermissions] as? Int == 0o600)
    }

    @Test func aFullDisk() throws {
        // A limit on the size of files stops writes like a full disk does; `sh` ignores the signal, so that errors show.
        let script = "trap '' XFSZ; ulimit -f 64; exec \"$0\" import keys"
        let line =
            #"{"tenant":"t","provider":"p","label":"%","secret":"\#(String(repeating: "k", count: 4000))"}"# + "\n"
        let keys = (0..<256).map { line.replacing("%", with: "\($0)") }.joined()
        try Data(keys.utf8).write(to: box.folder.appending(path: "keys"))
        try box.shell(script).expectError(1, "keyvault.db", hint: "run the import again")
        try expectNothingLost()
    }
}
