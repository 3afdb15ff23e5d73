import Foundation
import KeyVault
import Testing

@Suite struct ProviderDocumentTests {
    private func reading(_ text: String) throws(ProviderDocumentError) -> ProviderRegistry {
        var registry = ProviderRegistry.builtIn
        try registry.add(document: Array(text.utf8))
        return registry
    }

    @Test func aDocumentAddsAProviderAndItsModels() throws {
        let registry = try reading(
            """
            {
              "providers": [{
                "name": "acme", "displayName": "Acme AI",
                "formats": [{"prefix": "acme_", "characters": "a-f0-9", "minimum": 8, "maximum": 10, "suffix": "e"}],
                "administrativePrefixes": ["acme_admin_"],
                "check": {"base": "https://api.acme.example", "path": "/v1/me", "header": "x-acme", "scheme": "",
                          "headers": {"x-version": "2"}, "statuses": {"403": "restricted"},
                          "answers": [{"status": 403, "member": "a.b", "value": "c", "verdict": "withoutCredit"}]}
              }],
              "models": [{"pattern": "acme-*", "provider": "acme"}]
            }
            """)
        #expect(registry.match("acme_" + "01234567e", of: "acme") == .matches)
        #expect(registry.match("acme_" + "012345678", of: "acme") == .unknownShape)
        #expect(registry.match("acme_" + "01234567e", of: "openai") == .belongsToAnother(["acme"]))
        #expect(registry.match("acme_admin_" + "01", of: "acme") == .refused(.administrative))
        #expect(try registry.target(ofModel: "acme-large").provider == "acme")
        let check = try #require(registry["acme"]?.check)
        #expect(check.verdict(status: 403, answer: Array("{}".utf8)) == .restricted)
        #expect(check.verdict(status: 401, answer: nil) == .invalid)
        #expect(check.answers == [AnswerRule(status: 403, member: "a.b", value: "c", verdict: .withoutCredit)])
        #expect(check.headers == ["x-version": "2"])
    }

    @Test func whatACheckLeavesOutHasItsDefault() throws {
        let registry = try reading(#"{"providers": [{"name": "acme", "check": {"path": "/v1/me"}}]}"#)
        #expect(registry["acme"]?.displayName == "acme")
        #expect(registry["acme"]?.check == LiveCheck(base: nil, path: "/v1/me"))
    }

    @Test func aDocumentReplacesABuiltInProvider() throws {
        let registry = try reading(#"{"providers": [{"name": "groq", "formats": [{"prefix": "new_", "minimum": 9}]}]}"#)
        #expect(registry.providers.count == ProviderRegistry.builtIn.providers.count)
        #expect(registry.match("new_" + "123456789", of: "groq") == .matches)
        #expect(registry.match("gsk_" + "123456789", of: "groq") == .unknownShape)
    }

    @Test(arguments: Provider.builtIn) func everyProviderSurvivesBeingWrittenAndRead(_ provider: Provider) throws {
        let written = try JSONEncoder().encode(["providers": [provider]])
        var registry = ProviderRegistry()
        try registry.add(document: Array(written))
        #expect(registry[provider.name] == provider)
    }

    @Test(arguments: [
        ("", 1, "not JSON"), ("{", 1, "not JSON"), ("{\n\"providers\": [\n{]}", 3, "not JSON"),
        ("{\n  \"providers\": []\n;}", 3, "not JSON"), ("{\n\"models\": nul}", 2, "not JSON"),
        ("[]", 1, "not an object"),
        ("{\n\n\"provider\": []}", 3, "not known"), ("{\"providers\":\n{}}", 2, "not an array"),
        ("{\"providers\": [\n{},\n{}]}", 2, "\"name\" is missing"),
        ("{\"providers\": [\n{\"name\": \"a\"},\n{\"name\":\n 7}]}", 4, "not a string"),
        ("{\"providers\": [\n{\"name\": \"a\"},\n{\"name\": \"A b\"}]}", 3, "1 to 64"),
        (
            "{\"providers\": [{\"name\": \"a\",\n\"formats\": [\n{\"minimum\": 3},\n{\"minimum\": 9,\"maximum\": 3}]}]}",
            4, "0 ≤"
        ),
        (
            "{\"providers\": [{\"name\": \"a\",\n\"formats\": [{\"minimum\": 3,\n\"characters\": \"z-a\"}]}]}", 3,
            "no class"
        ),
        ("{\"providers\": [{\"name\": \"a\",\n\"formats\": [{\"minimum\": 3,\n\"sufix\": \"z\"}]}]}", 3, "not known"),
        ("{\"providers\": [{\"name\": \"a\",\n\"requiredPrefixes\": [\"\"]}]}", 2, "not empty"),
        ("{\"providers\": [{\"name\": \"a\",\n\"check\": {\n\"path\": \"v1\"}}]}", 3, "begins with"),
        (
            "{\"providers\": [{\"name\": \"a\",\n\"check\": {\"path\": \"/\",\n\"statuses\": {\"403\": \"fine\"}}}]}",
            3, "one of"
        ),
        (
            "{\"providers\": [{\"name\": \"a\",\n\"check\": {\"path\": \"/\",\n\"answers\": [\n"
                + "{\"status\": 99, \"member\": \"a\", \"value\": \"b\", \"verdict\": \"valid\"}]}}]}", 4, "200 to 599"
        ),
        (
            "{\"providers\": [{\"name\": \"a\",\n\"check\": {\"path\": \"/\",\n\"answers\": [\n"
                + "{\"status\": 401, \"member\": \"a\",\n\"verdict\": \"valid\"}]}}]}", 4, "\"value\" is missing"
        ),
        (
            "{\"providers\": [{\"name\": \"a\",\n\"check\": {\"path\": \"/\",\n\"answers\": [\n"
                + "{\"status\": 401,\n\"member\": \"a..b\", \"value\": \"b\", \"verdict\": \"valid\"}]}}]}", 5, "dots"
        ),
        ("{\"providers\": [{\"name\": \"a\",\n\"check\": {\"path\": \"/\",\n\"header\": \"a:b\"}}]}", 3, "header"),
        (
            "{\"providers\": [{\"name\": \"a\",\n\"check\": {\"path\": \"/\",\n\"scheme\": \"a\\u0007\"}}]}", 3,
            "printable"
        ),
        (
            "{\"providers\": [{\"name\": \"a\",\n\"check\": {\"path\": \"/\",\n\"headers\": {\"x\": \"é\"}}}]}", 3,
            "printable"
        ),
        (
            "{\"providers\": [{\"name\": \"a\",\n\"check\": {\"path\": \"/\",\n\"headers\": {\n\"x\": \"a\",\n\"y\": \"é\"}}}]}",
            5, "printable"
        ),
        (
            "{\"providers\": [{\"name\": \"a\",\n\"check\": {\"path\": \"/\",\n\"headers\": {\n\"x y\": \"a\"}}}]}", 4,
            "header's name"
        ),
        (
            "{\"providers\": [{\"name\": \"a\",\n\"check\": {\"path\": \"/\",\n\"statuses\": {\n\"403\": \"fine\"}}}]}",
            4, "one of"
        ),
        (
            "{\"providers\": [{\"name\": \"a\",\n\"check\": {\"path\": \"/\",\n\"answers\": [\n"
                + "{\"status\": 401, \"member\": \"a\", \"value\": \"b\",\n\"verdict\": \"fine\"}]}}]}", 5, "one of"
        ),
        ("{\"providers\": [{\"name\": \"a\",\n\"formats\": [{\n\"minimum\": 9,\n\"maximum\": 3}]}]}", 4, "0 ≤"),
        ("{\"providers\": [{\"name\": \"a\",\n\"formats\": [{\n\"minimum\": -1,\n\"maximum\": 3}]}]}", 3, "0 ≤"),
        (
            "{\"providers\": [{\"name\": \"a\",\n\"formats\": [{\n\"minimum\": \"3\"}]}]}", 3,
            "\"minimum\" is not a whole number"
        ),
        ("{\"providers\": [{\"name\": \"a\",\n\"formats\": [\nnull]}]}", 3, "not an object"),
        ("{\"models\": [\n{\"pattern\": \"a[\", \"provider\": \"a\"}]}", 2, "pattern"),
        // An escaped quote ends no string; every kind of space stands between what it may.
        ("{\"a\\\"\": [\n1,\n;]}", 3, "not JSON"),
        ("\t{\r\n\"models\"\t:\r\n[]\n;}", 4, "not JSON"), ("{\"a\": 1.5e+3,\n;}", 2, "not JSON"),
        ("{\"a\": [[[[[[\n1,\n;]]]]]]}", 3, "not JSON"),
    ]) func aBadDocumentIsRefusedWithItsLineAndReason(_ text: String, _ line: Int, _ reason: String) {
        let error = #expect(throws: ProviderDocumentError.self) { _ = try reading(text) }
        #expect(error?.line == line, "\(error?.description ?? "")")
        #expect(error?.reason.contains(reason) == true, "\(error?.description ?? "")")
    }

    /// The first of two values is the last, or the first, that is allowed; the second is not.
    @Test(arguments: [
        (#""statuses": {"200": "valid"}"#, #""statuses": {"199": "valid"}"#, "200 to 599"),
        (#""statuses": {"599": "invalid"}"#, #""statuses": {"600": "invalid"}"#, "200 to 599"),
        (#""path": "/~""#, #""path": "/ ""#, "printable"), (#""path": "/a""#, #""path": "/é""#, "printable"),
        (#""header": "x-Key_1""#, #""header": """#, "header"),
        (#""headers": {"x": " ~"}"#, #""headers": {"": "a"}"#, "header"),
        (#""headers": {"x": "a"}"#, #""headers": {"x y": "a"}"#, "header"),
        (#""headers": {"x": "a"}"#, #""headers": {"x": "a\u007f"}"#, "printable"),
        (#""uncheckedPrefixes": ["a"]"#, #""uncheckedPrefixes": [""]"#, "not empty"),
    ]) func whatACheckMaySay(_ good: String, _ bad: String, _ reason: String) {
        func document(_ member: String) -> String {
            let path = member.contains(#""path""#) ? "" : #""path": "/", "#
            return #"{"providers": [{"name": "a", "check": {\#(path)\#(member)}}]}"#
        }
        #expect(throws: Never.self) { try reading(document(good)) }
        let error = #expect(throws: ProviderDocumentError.self) { try reading(document(bad)) }
        #expect(error?.reason.contains(reason) == true, "\(error?.description ?? "")")
    }

    @Test(arguments: [(1, true), (64, true), (0, false), (65, false)])
    func aNameIsAsLongAsARecordsMayBe(_ length: Int, _ isAccepted: Bool) {
        let name = String(repeating: "a", count: length)
        let isRead = (try? reading(#"{"providers": [{"name": "\#(name)"}]}"#)) != nil
        #expect(isRead == isAccepted)
    }

    @Test(arguments: [("0", "65536", true), ("0", "65537", false), ("-1", "9", false), ("10", "9", false)])
    func theLengthsOfAFormatAreThoseOfASecret(_ minimum: String, _ maximum: String, _ isAccepted: Bool) {
        let format = #"{"minimum": \#(minimum), "maximum": \#(maximum)}"#
        let isRead = (try? reading(#"{"providers": [{"name": "a", "formats": [\#(format)]}]}"#)) != nil
        #expect(isRead == isAccepted)
    }

    @Test func aFormatWithoutAMaximumHasOneLength() throws {
        let registry = try reading(#"{"providers": [{"name": "acme", "formats": [{"prefix": "a_", "minimum": 9}]}]}"#)
        #expect(registry.match("a_123456789", of: "acme") == .matches)
        #expect(registry.match("a_1234567890", of: "acme") == .unknownShape)
    }

    @Test func nothingOfABadDocumentIsAdded() throws {
        var registry = ProviderRegistry.builtIn
        #expect(throws: ProviderDocumentError.self) {
            try registry.add(document: Array(#"{"providers": [{"name": "acme"}, {"name": 7}]}"#.utf8))
        }
        #expect(registry["acme"] == nil)
    }

    @Test func anyBytesAreADocumentOrAnError() {
        var generator = SystemRandomNumberGenerator()
        let parts = ["{", "}", "[", "]", "\"providers\"", ":", ",", "\"", "\\", "1", "null", " ", "\n", "\u{0}", "é"]
        for _ in 0..<500 {
            let text = (0..<20).compactMap { _ in parts.randomElement(using: &generator) }.joined()
            _ = try? reading(text)
        }
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: ProviderDocumentError.self) { _ = try reading("{\"providers\": \(deep)") }
    }
}
