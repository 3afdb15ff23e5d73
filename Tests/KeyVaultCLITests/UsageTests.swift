import Foundation
import Testing

/// How the program is called, and what it says to a wrong call.
@Suite struct UsageTests {
    let box: Sandbox

    init() throws { box = try Sandbox.withVault() }

    @Test func globalOptionsStandBeforeAndBehindTheCommand() throws {
        try box.run("--store", "sqlite:a.db", "--quiet", "init", "--master-key-file", "key").expectSuccess()
        try box.run("--master-key-file=key", "put", "--store=sqlite:a.db", "--quiet", "a/b", input: "secret")
            .expectSuccess()
        let outcome = try box.run("reveal", "a/b", "--store", "sqlite:a.db", "--master-key-file", "key")
        #expect(outcome.text == "secret")
        #expect(try box.run("--no-color", "reveal", "a/b").status == 3)
    }

    @Test func anOptionGoesBeforeItsVariable() throws {
        let environment = ["KEYVAULT_STORE": "sqlite:none.db"]
        #expect(try box.run("list", environment: environment).status == 3)
        #expect(try box.run("list", "--store", "sqlite:keyvault.db", environment: environment).status == 0)
        #expect(try box.run("list", environment: ["KEYVAULT_STORE": "", "KEYVAULT_MASTER_KEY_FILE": ""]).status == 0)
        #expect(try box.run("list", environment: ["KEYVAULT_MASTER_KEY_FILE": " , "]).status == 0)
    }

    @Test(
        arguments: [
            [], ["acme"], ["acme/mine/default/more"], ["acme//x"], ["/mine"],
            ["acme/mine", "--if-revision", "x"],
            ["acme/mine", "--bogus"], ["acme/open\u{07}ai"], [String(repeating: "a", count: 256) + "/mine"],
            ["_vault/mine"],
        ])
    func aWrongCallSaysWhatIsWrong(arguments: [String]) throws {
        try box.run(["put"] + arguments, input: "secret").expectError(64, "")
        #expect(try box.run("list", "--json").json(as: [Any].self).isEmpty)
    }

    @Test func aKeyOnTheCommandLineIsNotRepeated() throws {
        let outcome = try box.run("put", "acme/mine", "sk-proj-secret")
        outcome.expectError(64, "There is an argument too many", hint: "never goes on the command line")
        #expect(!outcome.errors.contains("sk-proj"))
    }

    @Test(arguments: [
        (["list"], ["a", "b"]), (["show"], ["a/p", "SECRET"]), (["sweep"], ["all"]),
        (["token", "revoke"], ["a", "b"]),
    ])
    func whereNoKeyIsAskedForAnArgumentTooManyIsNoKey(command: [String], arguments: [String]) throws {
        let outcome = try box.run(command + arguments)
        let name = command.joined(separator: " ")
        outcome.expectError(64, "There is an argument too many", hint: "hint: See 'keyvault \(name) --help'.")
        #expect(!outcome.errors.contains("SECRET"))
    }

    @Test(
        arguments: [
            (["put", "acme"], "put"), (["put", "a/b", "--bogus"], "put"),
            (["put", "a/b", "--if-revision", "x"], "put"),
            (["put"], "put"), (["put", "a/b", "c"], "put"), (["put", "a/b", "--quiet=c"], "put"),
            (["put", "a/b", "-kc"], "put"), (["rotate", "master"], "rotate master"), (["test"], "test"),
            (["--quiet", "exec", "env"], "exec"),
        ])
    func aWrongCallOfACommandPointsToItsHelp(arguments: [String], command: String) throws {
        try box.run(arguments).expectError(64, "", hint: "See 'keyvault \(command) --help'.")
    }

    @Test(arguments: [
        ["put", "sk-proj-SECRET"], ["put", "acme/mine/' is invalid for sk-proj-SECRET\u{07}"],
        ["exec", "--env", "OPENAI_API_KEY=sk-proj-SECRET", "--", "env"],
    ])
    func aValueThatCannotBeReadIsNotRepeated(arguments: [String]) throws {
        let outcome = try box.run(arguments)
        outcome.expectError(64, "A value is invalid for")
        #expect(!outcome.errors.contains("SECRET"))
    }

    @Test(arguments: [
        ("--quiet=sk-proj-SECRET", "'--quiet'"), ("-ksk-proj-SECRET", "'-k…'"), ("--key=sk-proj-SECRET", "'--key'"),
    ])
    func aValueThatNoOptionTakesIsNotRepeated(argument: String, option: String) throws {
        let outcome = try box.run("put", "acme/mine", argument)
        outcome.expectError(64, option)
        #expect(!outcome.errors.contains("SECRET"))
    }

    @Test(
        arguments: [
            ("keyvault.db", "--store sqlite:keyvault.db"), ("memory:", "--store sqlite:"),
            ("postgres:x", "sqlite:PATH"),
            ("sqlite:", "--store sqlite:PATH"), ("", "--store sqlite:PATH"),
        ])
    func aStoreIsNamedByItsKindAndPath(store: String, hint: String) throws {
        try box.run("list", "--store", store).expectError(64, "", hint: hint)
    }

    @Test(arguments: [
        ("other", "sqlite:other."), ("", "sqlite:PATH."), ("file:", "file:PATH."), ("memory:", "sqlite:keyvault.db."),
    ])
    func aStoreIsAskedForAsItWasNamed(store: String, hint: String) throws {
        try box.run("migrate", "--to", store).expectError(64, "", hint: "--to \(hint)")
    }

    @Test func unknownCommands() throws {
        try box.run("frobnicate").expectError(64, "no command of that name", hint: "--help")
        try box.run("token", "frobnicate").expectError(64, "no command of that name", hint: "'keyvault token --help'")
        try box.run("help", "frobnicate").expectError(64, "no command of that name", hint: "'keyvault --help'")
        for command in ["put", "token"] {
            try box.run("help", command, "frobnicate").expectError(
                64, "no command of that name", hint: "'keyvault \(command) --help'")
        }
        try box.run("--frobnicate").expectError(64, "--frobnicate", hint: "See 'keyvault --help'.")
    }

    @Test(arguments: [
        [], ["--help"], ["help"], ["help", "put"], ["help", "token", "list"], ["help", "help"], ["put", "--help"],
        ["--version"],
    ])
    func helpIsNoError(arguments: [String]) throws {
        let outcome = try box.run(arguments)
        outcome.expectSuccess()
        #expect(!outcome.output.isEmpty)
    }

    @Test(arguments: ["", "--help", "help put", "put --help", "--version", "--generate-completion-script bash"])
    func helpThatCannotBeWrittenIsAnError(arguments: String) throws {
        try box.shell("\"$0\" \(arguments) >/dev/full").expectError(1, "cannot be written: No space left")
    }

    @Test func theVersionIsTheOneOfTheChangelog() throws {
        var root = URL(filePath: #filePath)
        for _ in 0..<3 { root.deleteLastPathComponent() }
        let changes = try String(contentsOf: root.appending(path: "CHANGELOG.md"), encoding: .utf8)
        let version = try box.run("--version").text.trimmingCharacters(in: .newlines)
        #expect(changes.split(separator: "\n").first { $0.hasPrefix("## ") }?.hasPrefix("## \(version)") == true)
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func shellsCanComplete(shell: String) throws {
        let outcome = try box.run("--generate-completion-script", shell)
        outcome.expectSuccess()
        #expect(outcome.text.contains("if-revision"))
    }

    @Test(arguments: [["master-key", "create", "F"], ["providers"]])
    func whatNeedsNoVaultTakesNoneOfItsOptions(command: [String]) throws {
        let help = try box.run(command + ["--help"]).text
        for option in ["--store", "--master-key-file", "--passphrase"] {
            #expect(!help.contains("[\(option)") && !help.contains("\n  \(option)"))
        }
        #expect(help.contains("--quiet") && help.contains("--no-color"))
        try box.run(command + ["--store", "sqlite:keyvault.db"]).expectError(64, "--store")
        try box.run(["--quiet", "--no-color"] + command).expectSuccess()
    }

    @Test func aRepairNeedsNoKeyAndTakesNone() throws {
        let help = try box.run("repair", "--help").text
        #expect(help.contains("--store") && !help.contains("--master-key-file") && !help.contains("--passphrase"))
        try box.run("repair", "--store", "file:x", "--passphrase").expectError(64, "--passphrase")
    }
}
