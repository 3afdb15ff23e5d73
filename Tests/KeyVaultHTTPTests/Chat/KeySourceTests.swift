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

    @Test(arguments: [
        "", "[]", "text", "}", "  ", "{\"a\":1", "<script>x={}</script> {a}", "{a}", "{\"a\":1,\"a\":2}", "{\"a\":1,}",
    ])
    func leavesOtherAnswersAlone(body: String) {
        #expect(String(buffer: pool.added(to: ByteBuffer(string: body), object: "s")) == body)
    }

    /// A provider may be such a service itself.
    @Test(arguments: [#"{"a":[],"s":{"key_source":"user"},"b":2}"#, #"{"\u0073" : 1}"#])
    func takesThePlaceOfAMemberOfThatName(body: String) throws {
        // Behind other bytes, as a slice of what has come.
        var buffer = ByteBuffer(string: "x" + body)
        buffer.moveReaderIndex(forwardBy: 1)
        let text = String(buffer: pool.added(to: buffer, object: "s"))
        let bytes = Array(text.utf8)
        // One that names a member twice is none to this reader.
        let object = try JSONObject(bytes.span)
        let value = try #require(object["s"]).value
        #expect(String(decoding: bytes[value], as: UTF8.self).hasPrefix(#"{"key_source":"formation","#))
        #expect(object.members.count == (body.contains("b") ? 3 : 1))
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
