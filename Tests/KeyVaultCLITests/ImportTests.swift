import Foundation
import KeyVault
import Testing

@Suite struct ImportTests {
    let box: Sandbox

    init() throws { box = try Sandbox.withVault() }

    private func line(_ tenant: String, _ secret: String, label: String? = nil) -> String {
        let label = label.map { #","label":"\#($0)""# } ?? ""
        return #"{"tenant":"\#(tenant)","provider":"mine"\#(label),"secret":"\#(secret)"}"# + "\n"
    }

    @Test func linesBecomeKeys() throws {
        let lines =
            line("a", "one") + "\n \t\r\n"
            + #" { "secret" : "\u0074\u00e9\ud83d\ude00\/\\\"", "provider":"p" ,"tenant":"b"} "#
        let outcome = try box.run("import", input: lines)
        #expect(outcome.status == 0)
        #expect(outcome.text == "Imported 2 keys.\n")
        #expect(outcome.errors == "stored 2 keys (lines 1 to 4)\n")
        #expect(try box.run("reveal", "a/mine").text == "one")
        #expect(try box.run("reveal", "b/p").text == "té😀/\\\"")
    }

    @Test func aFileAndLabelsAndManyLines() async throws {
        let lines = (0..<1000).map { line("t\($0 % 10)", "secret-\($0)", label: "l\($0)") }.joined()
        try Data(lines.utf8).write(to: box.folder.appending(path: "keys"))
        let outcome = try box.run("import", "keys")
        #expect(outcome.text == "Imported 1000 keys.\n")
        #expect(outcome.errors.split(separator: "\n").count == 4)
        #expect(try box.run("verify", "--json").json(as: NSDictionary.self) == ["records": 1000, "damaged": []])
        #expect(try box.run("reveal", "t7/mine/l657").text == "secret-657")
        #expect(try box.run("import", "keys", "--quiet").errors == "")
    }

    @Test func theLastLineOfAnIdWins() throws {
        try box.run("import", "--quiet", input: line("a", "one") + line("a", "two") + line("a", "three"))
            .expectSuccess()
        #expect(try box.run("reveal", "a/mine").text == "three")
        #expect(try box.run("show", "a/mine", "--json").json(as: NSDictionary.self)["revision"] as? Int == 3)
    }

    @Test func anImportThatIsRunAgainPutsAgain() throws {
        try box.run("put", "a/mine", "--expires", "2099-01-31", input: "one").expectSuccess()
        try box.run("disable", "a/mine").expectSuccess()
        try box.run("import", "--quiet", input: line("a", "one")).expectSuccess()
        let object = try box.run("show", "a/mine", "--json").json(as: [String: Any].self)
        #expect(object["state"] as? String == "enabled" && object["expires"] is NSNull)
        let help = try box.run("import", "--help").text
        #expect(help.contains("disabled") && help.contains("expiry"))
    }

    @Test func aDryRunNamesEveryBadLineAndStoresNothing() throws {
        let lines = line("a", "one") + "{\n" + line("b/c", "two") + line("d", "three")
        let outcome = try box.run("import", "--dry-run", input: lines)
        #expect(outcome.status == 1)
        let errors = outcome.errors.split(separator: "\n")
        #expect(errors.count == 4)
        #expect(errors[0].hasPrefix("Line 2: ") && errors[1].hasPrefix("Line 3: "))
        #expect(errors[2] == "keyvault: error: 2 of 4 lines cannot be imported.")
        #expect(
            try box.run("import", "--dry-run", input: line("a", "one")).text
                == "1 key could be imported. Nothing was stored.\n")
        #expect(try box.run("list", "--json").json(as: [Any].self).isEmpty)
    }

    @Test(
        arguments: [
            ("SECRET", Int32(1)), (#"{"tenant":"a","provider":"p"}"#, 1), (#"{"tenant":"a","secret":"SECRET"}"#, 1),
            (#"{"tenant":"a","provider":"p","secret":"SECRET""#, 1),
            (#"{"tenant":"a","provider":"p","secret":"SECRET"#, 1),
            (#"{"tenant":"a","provider":"p","secret":"SECRET"} x"#, 1),
            (#"{"tenant":"a","provider":"p","secret":7}"#, 1),
            (#"{"tenant":"a","provider":"p","secret":"SECRET","x":"y"}"#, 1),
            (#"{"tenant":"a","provider":"p","secret":"SECRET","secret":"SECRET"}"#, 1),
            (#"{"tenant":"a","provider":"p","secret":"SECRET\ud83d"}"#, 1),
            (#"{"tenant":"a","provider":"p","secret":"SECRET\x"}"#, 1),
            (#"{"tenant":"a","provider":"p","secret":"SECRET\n"}"#, 9),
            (#"{"tenant":"a","provider":"p","secret":""}"#, 9),
            (#"{"tenant":"a/b","provider":"p","secret":"SECRET"}"#, 64), (#"[]"#, 1),
            (#"{"tenant":"_a","provider":"p","secret":"SECRET"}"#, 64),
        ])
    func aBadLineIsNamedAndNotQuoted(text: String, status: Int32) throws {
        let outcome = try box.run("import", input: line("a", "one") + text + "\n")
        outcome.expectError(status, "", hint: "Nothing was stored.")
        #expect(outcome.errors.contains("Line 2: "))
        #expect(!outcome.errors.contains("SECRET"))
        #expect(try box.run("list", "--json").json(as: [Any].self).isEmpty)
    }

    @Test(
        arguments: [
            (#"{"tenant":"a","provider":"p","secret":12}"#, "The member secret is not a string."),
            (#"{"tenant":"a","provider":"p","secret":"SECRET","label":null}"#, "The member label is not a string."),
            (#"{SECRET"#, "The name of a member is not a string."), (#"{}"#, "The name of a member is not a string."),
        ])
    func aMemberThatIsNoStringIsNamed(text: String, message: String) throws {
        let outcome = try box.run("import", input: text)
        outcome.expectError(1, "Line 1: \(message)")
        #expect(!outcome.errors.contains("SECRET"))
    }

    @Test func aByteOrderMarkAtTheBeginningIsPassedOver() throws {
        try box.run("import", "--quiet", input: "\u{FEFF}" + line("a", "one")).expectSuccess()
        #expect(try box.run("reveal", "a/mine").text == "one")
        try box.run("import", input: line("a", "one") + "\u{FEFF}" + line("b", "two")).expectError(1, "Line 2: ")
        // U+FEFE begins with the same two bytes.
        try box.run("import", input: "\u{FEFE}" + line("a", "one")).expectError(1, "Line 1: ")
    }

    @Test(arguments: ["", " \n\n", "\u{FEFF}"], [[], ["--dry-run"]])
    func nothingToImportIsNoError(input: String, options: [String]) throws {
        let outcome = try box.run(["import"] + options, input: input)
        outcome.expectSuccess()
        #expect(outcome.text == "There was nothing to import.\n")
    }

    @Test func binarySecretsNeedAFlag() throws {
        try box.run("import", "--allow-binary", "--quiet", input: line("a", #"x\u0000\ny\n"#)).expectSuccess()
        #expect(try box.run("reveal", "a/mine").text == "x\0\ny\n")
    }

    @Test func theLongestSecretAndOneByteMore() throws {
        let longest = String(repeating: "\\u006b", count: 65_536)
        try box.run("import", "--quiet", input: line("a", longest)).expectSuccess()
        #expect(try box.run("reveal", "a/mine").output.count == 65_536)
        try box.run("import", "--quiet", input: line("a", longest + "k")).expectError(9, "Line 1: ")
    }

    @Test func whatIsStoredIsSaidWhenALaterLineIsBad() throws {
        let lines = (0..<300).map { line("t\($0)", "secret") }.joined() + "{}\n"
        let outcome = try box.run("import", "--quiet", input: lines)
        outcome.expectError(1, "Line 301: ", hint: "Lines 1 to 256 are stored; go on with 'tail -n +257'.")
        #expect(try box.run("list", "--json").json(as: [Any].self).count == 256)
    }

    @Test func aFileThatIsNotThere() throws {
        try box.run("import", "none").expectError(1, "none cannot be read")
    }
}
