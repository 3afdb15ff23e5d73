import Foundation
import Testing

@Suite struct ExecTests {
    let box: Sandbox

    init() throws {
        box = try Sandbox.withVault()
        try box.run("put", "a/mine", input: "one").expectSuccess()
        try box.run("put", "b/mine", input: "two words").expectSuccess()
    }

    @Test func theCommandFindsTheKeysInItsEnvironment() throws {
        let script = #"printf '%s|%s|%s' "$ONE" "$TWO" "$HOME"; cat; exit 42"#
        let outcome = try box.run(
            "exec", "--env", "ONE=a/mine", "TWO=b/mine", "--", "sh", "-c", script, input: "input")
        #expect(outcome.status == 42)
        #expect(outcome.text == "one|two words|\(box.folder.path())input")
        #expect(outcome.errors == "")
    }

    @Test func aVariableOfTheCallerIsReplaced() throws {
        let outcome = try box.run(
            "exec", "--quiet", "--env", "ONE=a/mine", "--env=TWO=b/mine", "--", "env",
            environment: ["ONE": "before"])
        let lines = outcome.text.split(separator: "\n")
        #expect(lines.filter { $0.hasPrefix("ONE=") } == ["ONE=one"])
        #expect(lines.contains("TWO=two words"))
    }

    @Test func theArgumentsOfTheCommandAreBytes() throws {
        let outcome = try box.shell(#""$0" exec --env A=a/mine -- printf '%s|%s' "$(printf 'a\377b')" -- "" -x"#)
        #expect(outcome.status == 0 && outcome.output == Data("a".utf8) + [0xFF] + Data("b|--|-x".utf8))
    }

    @Test(arguments: [("", "0000000000000000"), ("--block-signal=USR1", "0000000000000200")])
    func theCommandHoldsBackTheSignalsThatItsCallerDid(option: String, mask: String) throws {
        let script = #"env --default-signal \#(option) "$0" exec --env A=a/mine -- cat /proc/self/status"#
        let lines = try box.shell(script).text.split(separator: "\n")
        #expect(lines.contains("SigBlk:\t\(mask)"))
        let ignored = lines.first { $0.hasPrefix("SigIgn:") }?.suffix(16)
        // Beyond these are signals of the C library's own, which `env` cannot reset.
        #expect(try UInt64(#require(ignored), radix: 16).map { $0 & 0x7FFF_FFFF } == 0)
    }

    @Test func aSignalEndsTheCommand() throws {
        let script = #"env --default-signal "$0" exec --env A=a/mine -- sh -c 'kill -TERM $$; echo alive'; echo $?"#
        #expect(try box.shell(script).text == "143\n")
    }

    @Test func whatCannotBeRun() throws {
        try box.run("exec", "--env", "A=a/mine", "--", "no-such-command").expectError(
            127, "no-such-command cannot be run")
        try box.run("exec", "--env", "A=a/mine", "--", "./keyvault.db").expectError(126, "keyvault.db cannot be run")
        try box.run("exec", "--env", "A=a/mine").expectError(64, "")
        try box.run("exec", "--env", "A=a/mine", "env", "B=c").expectError(64, "'--' before the command")
        try box.run("exec", "--env", "A=c/mine", "--", "env").expectError(3, "c/mine")
        for assignment in ["A", "=a/mine", "A=a"] {
            try box.run("exec", "--env", assignment, "--", "env").expectError(64, "")
        }
        try box.run("put", "c/mine", "--allow-binary", input: "a\0b").expectSuccess()
        try box.run("exec", "--env", "A=c/mine", "--", "env").expectError(9, "NUL byte")
    }
}
