import Foundation
import Testing

/// Keys whose provider's shapes are known.
@Suite struct FormatTests {
    let box: Sandbox

    init() throws { box = try Sandbox.withVault() }

    /// Made up, in the shape that OpenAI gives its keys.
    private let key =
        "sk-proj-" + String(repeating: "aB3", count: 24) + "T3BlbkFJ" + String(repeating: "xY9", count: 24)

    @Test func aKeyOfTheRightShapeIsTakenAsItIs() throws {
        try box.run("put", "acme/openai", input: "  \(key) \n").expectSuccess()
        #expect(try box.run("reveal", "acme/openai").text == key)
    }

    @Test func anUnknownShapeIsTakenWithAWarning() throws {
        let outcome = try box.run("put", "acme/openai", input: "sk-of-a-new-shape-0123456789")
        #expect(outcome.status == 0)
        #expect(outcome.errors.hasPrefix("keyvault: warning: ") && outcome.errors.contains("OpenAI"))
        try box.run("put", "acme/openai", "--quiet", input: "sk-of-a-new-shape-0123456789").expectSuccess()
        try box.run("put", "acme/openai", "--strict", input: "sk-of-a-new-shape-0123456789").expectError(4, "shapes")
        try box.run("put", "acme/openai", "--strict", input: key).expectSuccess()
        try box.run("put", "acme/opnai", "--strict", input: key).expectError(4, "not known", hint: "keyvault providers")
        try box.run("show", "acme/opnai").expectError(3, "acme/opnai")
    }

    @Test(
        arguments: [
            ("openai", "sk-ant-api03-0123456789012345678901234567890123", "Anthropic"), ("openai", "sk-…AbCd", ""),
            ("openai", "your-api-key-here", ""), ("openai", "sk-proj-01234 5678901234567890", "white space"),
            ("anthropic", "AIzaSy0123456789012345678901234567890123", "Google"),
        ])
    func aWrongKeyIsRefused(provider: String, text: String, message: String) throws {
        let outcome = try box.run("put", "acme/\(provider)", input: text)
        outcome.expectError(4, message)
        #expect(!outcome.errors.contains("012345678"))
        let line = #"{"tenant":"acme","provider":"\#(provider)","secret":"\#(text)"}"#
        try box.run("import", input: line).expectError(4, "Line 1: ")
        #expect(try box.run("import", "--dry-run", input: line).errors.hasPrefix("Line 1: "))
        #expect(try box.run("list", "--json").json(as: [Any].self).isEmpty)
    }
}
