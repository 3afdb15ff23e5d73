import Foundation
import Testing

/// `enable`, `disable`, `reminders` and `providers`.
@Suite struct ProviderCommandTests {
    let box: Sandbox

    init() throws {
        box = try Sandbox.withVault()
        try box.run("put", "acme/mine", input: "secret").expectSuccess()
    }

    @Test func aDisabledKeyIsKeptAndNotServed() throws {
        try box.run("disable", "acme/mine").expectSuccess()
        try box.run("reveal", "acme/mine").expectError(10, "is disabled: by request", hint: "keyvault enable")
        let object = try box.run("show", "acme/mine", "--json").json(as: [String: Any].self)
        #expect(object["state"] as? String == "disabled")
        #expect(object["disabledReason"] as? String == "requested")
        #expect(try box.run("show", "acme/mine").text.contains("disabled (by request)"))
        try box.run("enable", "acme/mine").expectSuccess()
        #expect(try box.run("reveal", "acme/mine").text == "secret")
        try box.run("enable", "acme/none").expectError(3, "acme/none")
        try box.run("disable", "acme/none").expectError(3, "acme/none")
    }

    @Test func keysThatSomebodyShouldLookAt() async throws {
        #expect(try box.run("reminders", "--json").json(as: [Any].self).isEmpty)
        #expect(try box.run("reminders").text == "No key is due for replacement.\n")
        try await box.putExpired("acme/old", at: "2020-01-01T00:00:00Z")
        let reminders = try box.run("reminders", "--older-than", "0", "--json").json(as: [NSDictionary].self)
        #expect(reminders.count == 2)
        #expect(reminders[0] == ["tenant": "acme", "provider": "mine", "label": "default", "reason": "old", "days": 0])
        #expect(reminders[1]["reason"] as? String == "expired")
        #expect(try box.run("reminders", "acme").text.contains("expired at 2020-01-01T00:00:00Z"))
        #expect(try box.run("reminders", "other", "--json").json(as: [Any].self).isEmpty)
    }

    @Test(arguments: [("0", 1), ("0d", 1), ("0s", 1), ("90", 0), ("90d", 0), ("12w", 0), ("24h", 0)])
    func anAgeIsInDaysOrALengthOfTime(age: String, count: Int) throws {
        #expect(try box.run("reminders", "--older-than", age, "--json").json(as: [Any].self).count == count)
        #expect(try box.run("reminders", "--help").text.contains("Default: 90."))
    }

    @Test(arguments: ["x", "d", "36h", "1y", "-1d", "99999999999w"])
    func agesThatAreNone(age: String) throws {
        try box.run("reminders", "--older-than=\(age)").expectError(64, "Write whole days, such as 90, 90d or 12w.")
    }

    @Test func theProvidersThatAreKnown() throws {
        let providers = try box.run("providers", "--json").json(as: [[String: Any]].self)
        #expect(providers.count >= 20)
        #expect(providers.contains { $0["name"] as? String == "openai" })
        let table = try box.run("providers").text
        #expect(table.contains("sk-ant-") && table.contains("needs a base URL"))
    }
}
