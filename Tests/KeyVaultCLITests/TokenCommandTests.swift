import Foundation
import Testing

/// `token create`, `token list` and `token revoke`.
@Suite struct TokenCommandTests {
    let box: Sandbox

    init() throws { box = try Sandbox.withVault() }

    @Test func aTokenIsShownOnceListedAndRevoked() throws {
        let made = try box.run("token", "create", "acme", "--expires", "2099-01-01", "--json").json(
            as: [String: String].self)
        #expect(Set(made.keys) == ["id", "token", "tenant"])
        #expect(made["tenant"] == "acme")
        let (id, token) = (try #require(made["id"]), try #require(made["token"]))
        #expect(token.contains(id))
        #expect(try box.run("token", "create", "other").text.split(separator: "\n").count == 1)

        let list = try box.run("token", "list", "acme", "--json")
        let entry = try #require(try list.json(as: [[String: Any]].self).first)
        #expect(entry["id"] as? String == id)
        #expect(entry["expires"] as? String == "2099-01-01T00:00:00Z")
        #expect(!list.text.contains(token))
        #expect(try box.run("token", "list").text.split(separator: "\n").count == 3)
        #expect(try box.run("list", "--json").json(as: [Any].self).isEmpty)

        try box.run("token", "revoke", id).expectSuccess()
        try box.run("token", "revoke", id).expectError(3, "no token")
        #expect(try box.run("token", "list", "acme", "--json").json(as: [Any].self).isEmpty)
        #expect(try box.run("token", "list", "acme").text == "There are no tokens.\n")
        try box.run("token", "create", "acme", "--expires", "2020-01-01").expectError(64, "It is past")
        #expect(try box.run("token", "list", "acme").text == "There are no tokens.\n")
        try box.run("token", "create", "_own").expectError(64, "'_'")
    }
}
