import Foundation
import Testing

@Suite struct DoctorTests {
    let box: Sandbox

    init() throws { box = try Sandbox.withVault() }

    private func results(_ outcome: Outcome) throws -> [String: String] {
        let checks = try #require(try outcome.json(as: [String: [[String: String]]].self)["checks"])
        return Dictionary(checks.map { ($0["check"] ?? "", $0["result"] ?? "") }) { first, _ in first }
    }

    @Test func aSoundVault() throws {
        let outcome = try box.run("doctor", "--json")
        outcome.expectSuccess()
        let found = try results(outcome)
        for check in ["AES hardware", "key file", "vault", "master key", "core dumps", "swap", "libsodium", "SQLite"] {
            #expect(found[check] == "ok", "\(check)")
        }
        #expect(found["locked memory"] != nil && found["key memory"] != nil)
        #expect(try box.run("doctor").text.contains("3.") && box.run("doctor").text.contains("0 days old"))
    }

    @Test func problemsAreNamed() throws {
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: box.masterKeyPath)
        let outcome = try box.run("doctor", "--json")
        #expect(outcome.status == 1)
        outcome.expectErrorLines("Problems: key file, vault.")
        #expect(try results(outcome)["key file"] == "problem")
    }

    @Test func aRetiredKeyThatIsStillConfiguredIsNamed() throws {
        #expect(try results(box.run("doctor", "--json"))["unused key"] == nil)
        try box.run("rotate", "master", "--new-master-key-file", "new").expectSuccess()
        #expect(try results(box.run("doctor", "--json", "--master-key-file", "new"))["unused key"] == nil)
        let both = ["KEYVAULT_MASTER_KEY_FILE": "new,\(box.masterKeyPath)"]
        let outcome = try box.run("doctor", "--json", environment: both)
        outcome.expectSuccess()
        #expect(try results(outcome)["unused key"] == "warning")
        let lines = try box.run("doctor", environment: both).text.split(separator: "\n")
        #expect(lines.filter { $0.contains("unused key") && $0.contains(box.masterKeyPath) }.count == 1)
    }

    @Test func aStoreThatOthersMayWriteToIsNamed() throws {
        #expect(try results(box.run("doctor", "--json"))["store file"] == nil)
        try FileManager.default.setAttributes([.posixPermissions: 0o660], ofItemAtPath: box.path("keyvault.db"))
        let outcome = try box.run("doctor", "--json")
        outcome.expectSuccess()
        #expect(try results(outcome)["store file"] == "warning")
        // A link has no rights of its own.
        try FileManager.default.createSymbolicLink(
            atPath: box.path("link.db"), withDestinationPath: box.path("keyvault.db"))
        #expect(try results(box.run("doctor", "--json", "--store", "sqlite:link.db"))["store file"] == "warning")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: box.path("keyvault.db"))
        #expect(try results(box.run("doctor", "--json", "--store", "sqlite:link.db"))["store file"] == nil)
    }

    @Test func measuring() throws {
        try box.run("put", "a/mine", input: "secret").expectSuccess()
        let outcome = try box.run("measure", "a/mine")
        outcome.expectSuccess()
        #expect(outcome.text.contains("median") && outcome.text.contains("µs"))
        try box.run("measure", "b/mine").expectError(3, "b/mine")
    }
}
