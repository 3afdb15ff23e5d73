import Foundation
import Glibc
import Testing

/// What only happens in front of a person.
@Suite struct TerminalTests {
    let box: Sandbox

    init() throws { box = try Sandbox.withVault() }

    @Test func aTypedKeyIsNotShown() throws {
        let terminal = try Terminal(box, "put", "acme/mine")
        try terminal.wait(for: "Key for acme/mine: ")
        #expect(!terminal.isEchoOn)
        terminal.type("sk-typed-0123456789abcdef\n")
        #expect(terminal.finish().status == 0)
        #expect(terminal.isEchoOn)
        #expect(!terminal.shown.contains("typed"))
        #expect(try box.run("reveal", "acme/mine").text == "sk-typed-0123456789abcdef")
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP, SIGQUIT])
    func theEchoComesBackWhenASignalEndsTheProgram(signal: Int32) throws {
        let terminal = try Terminal(box, "put", "acme/mine")
        try terminal.wait(for: "Key for acme/mine: ")
        terminal.send(signal)
        let end = terminal.finish()
        #expect(end.status == signal && end.reason == .uncaughtSignal)
        #expect(terminal.isEchoOn)
    }

    @Test func nothingTypedIsRefused() throws {
        let terminal = try Terminal(box, "put", "acme/mine")
        try terminal.wait(for: "Key for acme/mine: ")
        terminal.type("\n")
        #expect(terminal.finish().status == 9)
    }

    @Test func aLineThatTheTerminalCutIsRefused() throws {
        let terminal = try Terminal(box, "put", "acme/mine")
        try terminal.wait(for: "Key for acme/mine: ")
        terminal.type(String(repeating: "a", count: 5000) + "\n")
        #expect(terminal.finish().status == 9)
        #expect(terminal.shown.contains("the rest was lost"))
        #expect(try box.run("show", "acme/mine").status == 3)
    }

    @Test func revealRefusesATerminalUnlessForced() throws {
        _ = try box.run("put", "acme/mine", input: "sk-secret")
        let refused = try Terminal(box, "reveal", "acme/mine", isOutputShown: true)
        #expect(refused.finish().status == 9)
        #expect(!refused.shown.contains("sk-secret"))
        #expect(refused.shown.contains("--force-tty"))
        let forced = try Terminal(box, "reveal", "acme/mine", "--force-tty", isOutputShown: true)
        #expect(forced.finish().status == 0)
        #expect(forced.shown == "sk-secret")
    }

    @Test(arguments: [("y\n", Int32(0), Int32(3)), ("n\n", 9, 0), ("\u{04}", 9, 0)])
    func deleteAsks(answer: String, status: Int32, statusOfShow: Int32) throws {
        _ = try box.run("put", "acme/mine", input: "sk-secret")
        let terminal = try Terminal(box, "delete", "acme/mine")
        try terminal.wait(for: "Delete acme/mine? [y/N] ")
        terminal.type(answer)
        #expect(terminal.finish().status == status)
        #expect(try box.run("show", "acme/mine").status == statusOfShow)
    }

    /// Else a name could turn the question around.
    @Test func questionsWriteOutWhatCannotBeSeen() throws {
        for (command, question, end) in [("put", "Key for ", "b: "), ("delete", "Delete ", "[y/N] ")] {
            let terminal = try Terminal(box, command, "acme/mine/a\u{202E}b")
            try terminal.wait(for: end)
            terminal.type("n\n")
            _ = terminal.finish()
            #expect(terminal.shown.contains(#"\#(question)acme/mine/a\u{202e}b"#), "\(terminal.shown)")
            #expect(!terminal.shown.contains("\u{202E}"))
        }
    }

    @Test func yesAnswersBeforehand() throws {
        _ = try box.run("put", "acme/mine", input: "sk-secret")
        #expect(try Terminal(box, "delete", "acme/mine", "--yes").finish().status == 0)
    }

    @Test func coloursAreForTerminalsThatWantThem() throws {
        let escape = "\u{1B}["
        let coloured = try Terminal(box, "show", "acme/mine")
        #expect(coloured.finish().status == 3)
        #expect(coloured.shown.contains(escape))
        let refused = try Terminal(box, "show", "acme/mine", "--no-color")
        _ = refused.finish()
        #expect(refused.shown.hasPrefix("keyvault: error: "))
        let declined = try Terminal(box, "show", "acme/mine", environment: ["NO_COLOR": "1"])
        _ = declined.finish()
        #expect(declined.shown.hasPrefix("keyvault: error: "))
        #expect(try !box.run("show", "acme/mine").errors.contains(escape))
    }

    @Test func importTakesNothingThatIsTyped() throws {
        let terminal = try Terminal(box, "import")
        #expect(terminal.finish().status == 9)
    }

    @Test func importShowsItsProgressInOneLine() throws {
        let line = #"{"tenant":"a","provider":"p","secret":"s"}"#
        try Data(line.utf8).write(to: box.folder.appending(path: "keys"))
        let terminal = try Terminal(box, "import", "keys", isOutputShown: true)
        #expect(terminal.finish().status == 0)
        #expect(terminal.shown.contains("\u{1B}[Kstored 1 key (lines 1 to 1)"))
        #expect(terminal.shown.hasSuffix("Imported 1 key.\r\n"))
        let quiet = try Terminal(box, "import", "keys", "--quiet", isOutputShown: true)
        #expect(quiet.finish().status == 0)
        #expect(quiet.shown == "")
    }
}
