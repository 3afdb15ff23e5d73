import Foundation
import Testing

/// `put --keep-previous` and `--expires`, `history`, `rollback` and `sweep`.
@Suite struct RevisionTests {
    let box: Sandbox

    init() throws {
        box = try Sandbox.withVault()
        try box.run("put", "acme/mine", "--quiet", input: "first").expectSuccess()
    }

    private func history() throws -> [[String: Any]] {
        try box.run("history", "acme/mine", "--json").json(as: [[String: Any]].self)
    }

    @Test func aReplacedKeyIsKeptForAWhile() throws {
        try box.run("put", "acme/mine", "--keep-previous", "1h", input: "second").expectSuccess()
        let revisions = try history()
        #expect(revisions.map { $0["revision"] as? Int } == [2, 1])
        #expect(revisions.map { $0["current"] as? Bool } == [true, false])
        #expect(revisions[0]["keptUntil"] is NSNull && revisions[1]["keptUntil"] is String)
        #expect(try box.run("reveal", "acme/mine").text == "second")
        #expect(try box.run("reveal", "acme/mine", "--revision", "1").text == "first")
        try box.run("reveal", "acme/mine", "--revision", "7").expectError(3, "revision", hint: "keyvault history")
        #expect(try box.run("history", "acme/mine").text.split(separator: "\n").count == 3)

        try box.run("delete", "acme/mine", "--revision", "2").expectError(8, "")
        try box.run("delete", "acme/mine", "--revision", "1").expectSuccess()
        #expect(try history().count == 1)
    }

    @Test func rollbackBringsTheEarlierKeyBack() throws {
        try box.run("rollback", "acme/mine").expectError(
            3, "No earlier revision of acme/mine is kept.", hint: "--keep-previous")
        try box.run("rollback", "acme/none").expectError(3, "No key is stored for acme/none")
        try box.run("rollback", "acme/mine", "--revision", "7").expectError(3, "not kept", hint: "keyvault history")
        try box.run("put", "acme/mine", "--keep-previous", "2w", input: "second").expectSuccess()
        #expect(try box.run("rollback", "acme/mine").text == "Rolled acme/mine back; it is revision 3 now.\n")
        #expect(try box.run("reveal", "acme/mine").text == "first")
    }

    @Test func anExpiredKeyIsNotServed() async throws {
        try await box.putExpired("acme/mine", at: "2020-02-29T00:00:00Z")
        try box.run("reveal", "acme/mine").expectError(10, "expired at 2020-02-29T00:00:00Z")
        let object = try box.run("show", "acme/mine", "--json").json(as: [String: Any].self)
        #expect(object["state"] as? String == "expired")
        #expect(object["expires"] as? String == "2020-02-29T00:00:00Z")
        try box.run("sweep").expectSuccess()
        #expect(try box.run("list", "--json").json(as: [Any].self).isEmpty)
    }

    @Test func onlyWhatIsThereIsSaidToBeDeleted() throws {
        try box.run("put", "acme/mine", "--keep-previous", "1h", input: "new").expectSuccess()
        try box.run("delete", "acme/mine", "--revision", "7").expectError(3, "No revision 7", hint: "keyvault history")
        try box.run("delete", "acme/nobody", "--revision", "1").expectError(3, "acme/nobody")
        try box.run("delete", "acme/mine", "--revision", "1").expectSuccess()
        try box.run("delete", "acme/mine", "--revision", "1").expectError(3, "No revision 1", hint: "keyvault history")
    }

    @Test(arguments: ["2099-01-31", "2099-01-31T12:00:00Z", "2099-01-31T12:00:00+01:00", "2099-01-31T12:00:00-0130"])
    func datesThatAreSome(text: String) throws {
        try box.run("put", "acme/mine", "--expires", text, input: "new").expectSuccess()
    }

    @Test(arguments: [
        "2027-02-30T12:00:00+01:00", "2027-01-31T12:00:00+1", "2020-13-01", "tomorrow", "", "1", "27-01-01",
        "2027-02-30", "2027-01-31T25:00:00Z", "2027-01-31T12:00:00Zx", "2027-1-31",
    ])
    func datesThatAreNone(text: String) throws {
        try box.run("put", "acme/mine", "--expires", text, input: "new").expectError(64, "2027-01-31")
    }

    @Test func enablingAKeyThatHasExpiredSaysSo() async throws {
        try await box.putExpired("acme/mine", at: "2020-02-29T00:00:00Z")
        let outcome = try box.run("enable", "acme/mine")
        #expect(outcome.status == 0 && outcome.errors.contains("has expired"), "\(outcome.errors)")
    }

    @Test func aKeyThatHasExpiredAlreadyIsNotPut() throws {
        for past in ["2020-02-29", "1960-01-01", "0000-01-01"] {
            try box.run("put", "acme/mine", "--expires", past, input: "new").expectError(64, "It is past")
        }
        #expect(try box.run("reveal", "acme/mine").text == "first")
    }

    @Test(arguments: ["1", "h", "-1h", "1y", "99999999999999999999s", "9999999w"])
    func durationsThatAreNone(text: String) throws {
        try box.run("put", "acme/mine", "--keep-previous=\(text)", input: "new").expectError(
            64, "90s, 30m, 12h, 7d or 2w")
    }
}
