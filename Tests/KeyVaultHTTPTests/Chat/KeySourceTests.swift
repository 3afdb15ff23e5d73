import HTTPTypes
import KeyVault
import NIOCore
import Testing

@testable import KeyVaultHTTP

@Suite struct KeySourceTests {
    private let pool = KeySource(Resolution(origin: .pool, upstream: "openrouter", markup: 0.25))
    private let inline = KeySource(Resolution(origin: .inline, upstream: "openai"))

    @Test(arguments: [
        (#"{"a":1}"#, #"{"a":1,"s":"#), ("{\"a\":1} \n", #"{"a":1,"s":"#), ("{}", #"{"s":"#), ("{ \n}", #"{"s":"#),
    ])
    func joinsTheAnswer(body: String, beginning: String) throws {
        let text = String(buffer: pool.added(to: ByteBuffer(string: body), object: "s"))
        #expect(text.replacing(" ", with: "").replacing("\n", with: "").hasPrefix(beginning))
        #expect(text.contains(#""key_source":"formation","formation_markup_applied":0.25"#))
        _ = try JSONObject(Array(text.utf8).span)
    }

    @Test(arguments: ["", "[]", "text", "}", "  ", "{\"a\":1", "<script>x={}</script> {a}"])
    func leavesOtherAnswersAlone(body: String) {
        let text = String(buffer: pool.added(to: ByteBuffer(string: body), object: "s"))
        #expect(text == body || body == "}")
    }

    @Test func theUsersOwnKeyCostsNothingExtra() {
        let event = String(decoding: inline.event(object: "stratus", id: "req_1"), as: UTF8.self)
        #expect(
            event.contains(#""stratus":{"key_source":"user","formation_markup_applied":null,"key_origin":"inline""#))
        #expect(inline.headers[.keySource] == "user")
        #expect(inline.headers[.markupApplied] == nil)
        #expect(pool.headers[.markupApplied] == "0.25")
    }
}
