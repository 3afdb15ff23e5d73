import KeyVaultCrypto
import Testing

@testable import KeyVaultHTTP

@Suite struct JSONObjectTests {
    private func members(_ text: String) throws -> [String] {
        let bytes = Array(text.utf8)
        return try JSONObject(bytes.span).members.map { member in
            "\(member.name)=\(member.kind):" + String(decoding: bytes[member.value], as: UTF8.self)
        }
    }

    @Test func findsTheMembersOfTheTopLevel() throws {
        let text = #" {"a" : "x\"y", "b":[1,{"a":2}], "c":{"d":null}, "e":-1.5e+3,"f":true , "g":null} "#
        #expect(
            try members(text) == [
                #"a=string:"x\"y""#, #"b=array:[1,{"a":2}]"#, #"c=object:{"d":null}"#, "e=number:-1.5e+3",
                "f=bool:true",
                "g=null:null",
            ])
        #expect(try members("{}").isEmpty)
        #expect(try members(#"{"a":"\"\\\/\b\f\n\r\t\u0000"}"#).count == 1)
        #expect(try members("\t{\r\n\"a\"\t:\r1\n,\"b\":[\t]\r}\r\n\t") == ["a=number:1", "b=array:[\t]"])
        #expect(try members(#"{"\u0061\ud83d\ude00":0}"#) == ["a😀=number:0"])
    }

    @Test(arguments: [
        "", " ", "[]", "null", "{", "}", "{]", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{"a":1 "b":2}"#, #"{"a":01}"#,
        #"{"a":+1}"#,
        #"{"a":1.}"#, #"{"a":.5}"#, #"{"a":1e}"#, #"{"a":tru}"#, #"{"a":"x}"#, #"{"a":"\x"}"#, #"{"a":"\u12g4"}"#,
        "{\"a\":\"\n\"}", #"{"a":1}x"#, #"{"a":1}{}"#, #"{a:1}"#, #"{'a':1}"#, #"{"a":[1,]}"#, #"{"a":NaN}"#,
        #"{"a":1,"a":2}"#,
        #"{"a":1,"\u0061":2}"#,
    ])
    func refuses(_ text: String) {
        #expect(throws: JSONSyntaxError.self) { try members(text) }
    }

    @Test(arguments: ["0", "-0", "10", "1.50", "1e5", "1E5", "1e+5", "1E-5", "-0.5e05"])
    func readsEveryFormOfANumber(number: String) throws {
        #expect(try members("{\"a\":\(number)}") == ["a=number:\(number)"])
    }

    /// Of the characters that stand for something else in other formats, those below U+0020 alone are refused.
    @Test(arguments: 0..<0x21) func refusesControlCharactersInStrings(code: UInt8) throws {
        let text = "{\"a\":\"\(Character(Unicode.Scalar(code)))\"}"
        if code < 0x20 {
            #expect(throws: JSONSyntaxError.self) { try members(text) }
        } else {
            #expect(try members(text).count == 1)
        }
    }

    @Test func refusesWhatIsNotUTF8() {
        let bytes: [UInt8] = Array("{\"a\":\"".utf8) + [0xFF] + Array("\"}".utf8)
        #expect(throws: JSONSyntaxError.self) { try JSONObject(bytes.span) }
    }

    @Test func boundsHowManyMembersThereAre() throws {
        func object(_ count: Int) -> String { "{" + (0..<count).map { "\"\($0)\":1" }.joined(separator: ",") + "}" }
        #expect(try members(object(1024)).count == 1024)
        #expect(throws: JSONSyntaxError.self) { _ = try members(object(1025)) }
    }

    @Test func boundsHowDeepItNests() throws {
        func nested(_ depth: Int) -> String {
            "{\"a\":" + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}"
        }
        #expect(try members(nested(128)).count == 1)
        #expect(throws: JSONSyntaxError.self) { try members(nested(129)) }
        #expect(throws: JSONSyntaxError.self) { try members(nested(100_000)) }
    }

    /// Any prefix, and any text with one byte changed, gives a value or a typed error.
    @Test func isTotal() {
        let text = Array(#"{"openai_key":"sk-\u00e9\n","n":[-0.5e1,{"x":false}]}"#.utf8)
        for length in text.indices {
            #expect(throws: JSONSyntaxError.self) { try JSONObject(Array(text[..<length]).span) }
        }
        for index in text.indices {
            for byte in [0, UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "{"), 0x80, 0xFF] as [UInt8] {
                var changed = text
                changed[index] = byte
                _ = try? JSONObject(changed.span)
            }
        }
    }

    @Test(arguments: [
        ("plain", "plain"), (#"a\"b\\c\/d"#, #"a"b\c/d"#), (#"\b\f\n\r\t"#, "\u{8}\u{c}\n\r\t"),
        (#"\u00e9\u20AC\u00Ef"#, "é€ï"), (#"\ud83d\u0041"#, "\u{FFFD}A"), (#"\udbff\udfff"#, "\u{10FFFF}"),
        (#"\ud83d\ud83d\ude00"#, "\u{FFFD}😀"), (#"\ud800\udc00x"#, "\u{10000}x"),
        (#"\ud83d\ude00"#, "😀"), (#"\ud83dx"#, "\u{FFFD}x"), (#"\ude00"#, "\u{FFFD}"), ("", ""),
    ])
    func decodesStrings(inside: String, text: String) throws {
        let bytes = Array(inside.utf8)
        #expect(JSONString.text(bytes.span) == text)
        let guarded = try JSONString.guarded(bytes.span)
        let copy = guarded.withSpan { span in span.indices.map { span[$0] } }
        #expect(copy == Array(text.utf8))
    }

    @Test func writesWhatItReads() throws {
        let text = JSONWriter.object { json in
            json.member("a\"\\\u{1}é", "x\n")
            json.member("c", "\u{F}\u{10}\u{1F} \\")
            json.member("n", nil as String?)
            json.member("b", true)
            json.member("d", 0.25)
            json.member("o", objects: [{ $0.member("k", "v") }, { _ in }])
            json.member("s", strings: ["p", "q"])
            json.member("e", object: { $0.member("z", false) })
        }
        #expect(
            String(decoding: text, as: UTF8.self)
                == #"{"a\"\\\u0001é":"x\u000a","c":"\u000f\u0010\u001f \\","n":null,"b":true,"d":0.25,"o":[{"k":"v"},{}],"s":["p","q"],"e":{"z":false}}"#
        )
        #expect(try JSONObject(text.span).members.count == 8)
    }
}
