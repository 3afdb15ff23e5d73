import Foundation
import KeyVault
import Testing

/// `rotate master` and `passphrase change`.
@Suite struct MasterKeyTests {
    let box: Sandbox

    init() throws {
        box = try Sandbox.withVault()
        for id in ["a/mine", "b/mine"] { try box.run("put", id, input: "secret of \(id)").expectSuccess() }
    }

    @Test func rotationMovesEveryKey() throws {
        let report = try box.run("rotate", "master", "--new-master-key-file", "new", "--json")
        report.expectSuccess()
        #expect(
            try report.json(as: NSDictionary.self) == ["records": 2, "onActiveKey": 2, "rewrapped": 2, "failed": 0])
        let retired = try box.run("list")
        retired.expectError(6, "was retired from this vault", hint: "KEYVAULT_MASTER_KEY_FILE")
        #expect(retired.errors.contains("'keyvault rotate master'"))
        #expect(try box.run("reveal", "a/mine", "--master-key-file", "new").text == "secret of a/mine")
    }

    @Test func aDryRunAndSecondCallsChangeNothing() throws {
        try box.run("rotate", "master", "--new-master-key-file", "new", "--dry-run").expectError(
            6, "There is no key in new")
        try box.run("init", "--store", "sqlite:other.db", "--master-key-file", "new").expectSuccess()
        let dry = try box.run("rotate", "master", "--new-master-key-file", "new", "--dry-run")
        #expect(dry.text == "Would move 2 of 2 records to the new master key.\n")
        try box.run("list").expectSuccess()

        let arguments = ["--master-key-file", box.masterKeyPath, "rotate", "master", "--new-master-key-file", "new"]
        try box.run(arguments).expectSuccess()
        let again = try box.run(arguments + ["--json"])
        #expect(try again.json(as: NSDictionary.self)["rewrapped"] as? Int == 0)
        try box.run("rotate", "master", "--new-master-key-file", "new", "--master-key-file", "new").expectError(
            64, "only key")
    }

    @Test(arguments: [
        ["master-key", "create", ""], ["rotate", "master", "--new-master-key-file", ""],
        ["list", "--master-key-file", ""], ["init", "--store", "sqlite:new.db", "--master-key-file", ""],
    ])
    func anEmptyPathIsAWrongCall(arguments: [String]) throws {
        try box.run(arguments).expectError(64, "The path is empty")
        #expect(!FileManager.default.fileExists(atPath: box.path("new.db")))
    }

    @Test(arguments: [("link", "cannot be read"), ("none/new", "There is no key in none/new")])
    func aDryRunPromisesNoKeyWhereNoneCanBeMade(path: String, message: String) throws {
        try FileManager.default.createSymbolicLink(atPath: box.path("link"), withDestinationPath: "link")
        let rotate = ["rotate", "master", "--new-master-key-file", path]
        let dry = try box.run(rotate + ["--dry-run"])
        dry.expectError(6, message)
        #expect(!dry.errors.contains("would be made"))
        #expect(try box.run(rotate).status == 6)
    }

    @Test func noKeyIsMadeForAVaultThatDoesNotOpen() throws {
        let rotate = ["rotate", "master", "--new-master-key-file", "new"]
        try box.run(rotate + ["--store", "sqlite:none.db"]).expectError(3, "none.db")
        try box.run("--quiet", "master-key", "create", "other").expectSuccess()
        try box.run(rotate + ["--master-key-file", "other"]).expectError(6, "Wrong master key")
        #expect(!FileManager.default.fileExists(atPath: box.path("new")))
        let rotation = try box.run(rotate)
        rotation.expectSuccess()
        #expect(rotation.text.contains("Made a new master key, new."))
    }

    @Test func aKeyIsMadeThatTheConfigurationNamesAlready() throws {
        let both = ["KEYVAULT_MASTER_KEY_FILE": "\(box.masterKeyPath),new"]
        try box.run("rotate", "master", "--new-master-key-file", "new", environment: both).expectSuccess()
    }

    @Test func aKeyIsMadeAndGivenToOthersBeforeTheRotation() throws {
        try box.run("--quiet", "master-key", "create", "new").expectSuccess()
        let key = try Data(contentsOf: box.folder.appending(path: "new"))
        let mode = try FileManager.default.attributesOfItem(atPath: box.path("new"))[.posixPermissions]
        #expect(key.count == 32 && mode as? Int == 0o600)
        try box.run("master-key", "create", "new").expectError(1, "new exists already", hint: "never overwritten")
        #expect(try Data(contentsOf: box.folder.appending(path: "new")) == key)

        let both = ["KEYVAULT_MASTER_KEY_FILE": "\(box.masterKeyPath), new"]
        #expect(try box.run("reveal", "a/mine", environment: both).text == "secret of a/mine")
        let rotation = try box.run("rotate", "master", "--new-master-key-file", "new")
        rotation.expectSuccess()
        #expect(rotation.text.contains("Backups from before"))
        #expect(try box.run("reveal", "a/mine", environment: both).text == "secret of a/mine")
        #expect(try box.run("reveal", "a/mine", "--master-key-file", "new").text == "secret of a/mine")
    }

    @Test func everythingCanBeSealedAnew() throws {
        try box.run("rotate", "master", "--new-master-key-file", "new", "--re-encrypt").expectSuccess()
        #expect(try box.run("reveal", "b/mine", "--master-key-file", "new").text == "secret of b/mine")
    }

    @Test func aDamagedRecordKeepsTheOldKey() async throws {
        try await box.damage(RecordID("a/mine"), at: 60)
        let outcome = try box.run("rotate", "master", "--new-master-key-file", "new", "--json")
        #expect(outcome.status == 7)
        outcome.expectErrorLines("a/mine (revision 1)", hint: "rotate again")
        #expect(try outcome.json(as: NSDictionary.self)["failed"] as? Int == 1)
        let both = ["--master-key-file", "new", "--master-key-file", box.masterKeyPath]
        #expect(try box.run(["reveal", "b/mine"] + both).text == "secret of b/mine")
        try box.run(["delete", "a/mine"] + both).expectSuccess()
        try box.run("rotate", "master", "--new-master-key-file", "new").expectSuccess()
        #expect(try box.run("reveal", "b/mine", "--master-key-file", "new").text == "secret of b/mine")
    }

    @Test func aFullDiskEndsARotationAndTheNextOneGoesOn() throws {
        let line =
            #"{"tenant":"t","provider":"p","label":"%","secret":"\#(String(repeating: "k", count: 4000))"}"# + "\n"
        let keys = (0..<600).map { line.replacing("%", with: "\($0)") }.joined()
        #expect(try box.run("import", input: keys).status == 0)
        // A limit on the size of files stops writes like a full disk does; `sh` ignores the signal, so that errors show.
        let script = "trap '' XFSZ; ulimit -f 500; exec \"$0\" rotate master --new-master-key-file new"
        let outcome = try box.shell(script)
        #expect(outcome.status == 1)
        outcome.expectErrorLines("keyvault.db")
        let both = ["--master-key-file", box.masterKeyPath, "--master-key-file", "new"]
        #expect(
            try box.run(["verify", "--json"] + both).json(as: NSDictionary.self) == ["records": 602, "damaged": []])
        let report = try box.run("rotate", "master", "--new-master-key-file", "new", "--json")
        #expect(try report.json(as: NSDictionary.self)["onActiveKey"] as? Int == 602)
        #expect(try box.run("reveal", "a/mine", "--master-key-file", "new").text == "secret of a/mine")
    }

    @Test func ofTwoRotationsAtOnceEachEndsOrSaysWhyAndNothingIsLost() throws {
        let line = #"{"tenant":"t","provider":"p","label":"%","secret":"secret of %"}"# + "\n"
        let keys = (0..<3000).map { line.replacing("%", with: "\($0)") }.joined()
        #expect(try box.run("import", input: keys).status == 0)
        // Two processes, two keys. A pipe rather than `wait`, which waits in vain under the signal mask that tests run with.
        let outcome = try box.shell(
            """
            mkfifo ended
            ("$0" rotate master --new-master-key-file one >out1; echo $? >ended) &
            "$0" rotate master --new-master-key-file two >out2; second=$?
            read first <ended; echo "$first $second"
            """)
        let statuses = outcome.text.split(whereSeparator: \.isWhitespace).map { Int($0) }
        // 0 it ended; 8 the other one began after it; 6 the other one had begun, or ended, before it.
        #expect(statuses.count == 2 && statuses.contains(0))
        #expect(statuses.allSatisfy { [0, 6, 8].contains($0) }, "\(outcome.text) \(outcome.errors)")

        let held = ["--master-key-file", statuses[0] == 0 ? "one" : "two", "--master-key-file", box.masterKeyPath]
        let others = ["one", "two"].filter { FileManager.default.fileExists(atPath: box.path($0)) }
        let ring = held + others.flatMap { ["--master-key-file", $0] }
        let next = try box.run(ring + ["rotate", "master", "--new-master-key-file", "three", "--json"])
        #expect(try next.json(as: NSDictionary.self)["onActiveKey"] as? Int == 3002)
        let verified = try box.run("verify", "--json", "--master-key-file", "three")
        #expect(try verified.json(as: NSDictionary.self) == ["records": 3002, "damaged": []])
        #expect(try box.run("reveal", "t/p/7", "--master-key-file", "three").text == "secret of 7")
    }

    @Test func aCredentialOfTheServiceManagerOpensTheVault() throws {
        try FileManager.default.createDirectory(atPath: box.path("credentials"), withIntermediateDirectories: false)
        try FileManager.default.moveItem(atPath: box.masterKeyPath, toPath: box.path("credentials/master-key"))
        try box.run("list").expectError(6, "cannot be read")
        let manager = ["CREDENTIALS_DIRECTORY": box.path("credentials")]
        #expect(try box.run("reveal", "a/mine", environment: manager).text == "secret of a/mine")
        try box.run("reveal", "a/mine", "--master-key-file", "none", environment: manager).expectError(6, "none")
        // What systemd's access list for the service's user looks like.
        let key = box.path("credentials/master-key")
        for (mode, isFine) in [(0o440, true), (0o460, false), (0o444, false)] {
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: key)
            let outcome = try box.run("list", environment: manager)
            if isFine { outcome.expectSuccess() } else { outcome.expectError(6, "can be read by others") }
        }
        try FileManager.default.setAttributes([.posixPermissions: 0o440], ofItemAtPath: key)
        try box.run("list", "--master-key-file", key).expectError(6, "can be read by others")
        try FileManager.default.removeItem(atPath: box.path("credentials/master-key"))
        try box.run("list", environment: manager).expectError(6, "cannot be read")
    }

    @Test func aPassphraseOpensTheVault() throws {
        try box.run("--passphrase", "list").expectError(9, "no terminal", hint: "KEYVAULT_PASSPHRASE_FILE")
        try box.run("passphrase", "change", input: "correct horse\n").expectSuccess()
        let file = ["KEYVAULT_PASSPHRASE_FILE": "passphrase"]
        try box.run("--passphrase", "list", environment: file).expectError(6, "passphrase cannot be read")
        try Data("correct horse\n".utf8).write(to: box.folder.appending(path: "passphrase"))
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: box.path("passphrase"))
        try box.run("--passphrase", "list", environment: file).expectError(6, "can be read by others")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: box.path("passphrase"))
        #expect(try box.run("reveal", "a/mine", "--passphrase", environment: file).text == "secret of a/mine")

        let rotation = try box.run(
            "rotate", "master", "--passphrase", "--new-master-key-file", "new", "--re-encrypt", environment: file)
        #expect(rotation.text.contains("Change the passphrase now"))
        let change = try box.run("--passphrase", "passphrase", "change", input: "battery staple", environment: file)
        change.expectSuccess()
        try box.run("--passphrase", "list", environment: file).expectError(6, "Wrong passphrase")
        try box.run("passphrase", "change", "--master-key-file", "new", input: "short").expectError(
            64, "shorter than 8 bytes")
    }

    /// The header of before, which opens by the old one, would stay in it until it is compacted.
    @Test func aFlatFileForgetsThePassphraseOfBefore() throws {
        let store = ["KEYVAULT_STORE": "file:keys.vault"]
        try box.run("init", environment: store).expectSuccess()
        for passphrase in ["correct horse", "battery staple"] {
            try box.run("passphrase", "change", input: passphrase, environment: store).expectSuccess()
            let log = try Data(contentsOf: box.folder.appending(path: "keys.vault"))
            let first = try #require(log.range(of: Data("KVHD".utf8)))
            #expect(log[first.upperBound...].range(of: Data("KVHD".utf8)) == nil)
        }
    }
}
