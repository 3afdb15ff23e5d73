import Foundation
import Testing

@testable import KeyVaultHTTP

@Suite struct SecretScrubberTests {
    private let key = "sk-proj-AbCdEfGhIjKlMnOpQrStUvWxYz0123456789"

    private func scrub(_ text: String) -> String? { SecretScrubber(key).clean(text) }

    @Test func takesTheKeyAndItsPartsOut() {
        #expect(scrub("key \(key).") == "key [removed].")
        #expect(scrub("\(key.dropFirst(5).prefix(20)) and \(key.suffix(12))") == "[removed] and [removed]")
        #expect(scrub("\(key)\(key)") == "[removed]")
    }

    @Test(arguments: 0..<6) func findsItInOtherForms(shift: Int) throws {
        let bytes = Data([UInt8](repeating: 0xE9, count: shift) + Array(key.utf8) + Array("end".utf8))
        let hexadecimal = bytes.map { String(format: "%02x", $0) }
        for text in [
            bytes.base64EncodedString(), hexadecimal.joined(), hexadecimal.joined().uppercased(),
            hexadecimal.map { "%" + $0 }.joined(), hexadecimal.map { "%" + $0.uppercased() }.joined(),
        ] {
            let clean = try #require(scrub("{\"\(text)\"}"))
            #expect(clean.contains("[removed]"))
            #expect(clean.utf8.count < 60, "\(clean)")
        }
    }

    @Test(arguments: 0..<35) func takesNineBytesOutAndNoFewer(start: Int) {
        #expect(scrub("<\(key.dropFirst(start).prefix(9))>") == "<[removed]>")
        let eight = "<\(key.dropFirst(start).prefix(8))>"
        #expect(scrub(eight) == eight)
    }

    /// Nine bytes are a part of themselves.
    @Test(arguments: [9, 10, 44]) func aKeyOfNineBytesIsFoundInOtherFormsToo(length: Int) throws {
        let key = String(key.suffix(length))
        let hexadecimal = key.utf8.map { String(format: "%02x", $0) }
        for text in [hexadecimal.joined(), hexadecimal.map { "%" + $0 }.joined(), Data(key.utf8).base64EncodedString()]
        {
            #expect(try #require(SecretScrubber(key).clean("<\(text)>")).hasPrefix("<[removed]"), "\(text)")
        }
    }

    /// Where the two alphabets of base64 differ.
    @Test(arguments: 0..<3) func findsItInBothKindsOfBase64(shift: Int) throws {
        let key = String(repeating: "~>?", count: 5)
        let digits = Data([UInt8](repeating: 0x41, count: shift) + Array(key.utf8)).base64EncodedString()
        let other = digits.replacing("+", with: "-").replacing("/", with: "_")
        #expect(digits != other)
        for text in [digits, other] {
            let clean = try #require(SecretScrubber(key).clean("<\(text)>"))
            #expect(clean.contains("[removed]") && clean.utf8.count < 20, "\(clean)")
        }
    }

    /// Most write only some bytes in percent form, and do not agree on which.
    @Test(arguments: ["%2B", "%2b", "+"], ["%2F", "/"]) func findsItPartlyInPercentForm(plus: String, slash: String) {
        let key = "ab+cdef/ghijk+lmn/op+qrstu"
        let text = "100% sure: " + key.replacing("+", with: plus).replacing("/", with: slash)
        let clean = SecretScrubber(key).clean(text)
        #expect(clean == (text.hasSuffix(key) ? "100% sure: [removed]" : nil))
        let other = "100% sure, 5%25 and %2Fpath%2"
        #expect(SecretScrubber(key).clean(other) == other)
    }

    @Test(arguments: [(128, true), (256, false)]) func readsSoManyLevelsOfEscapes(count: Int, isPassedOn: Bool) {
        // Each level halves them.
        let text = String(repeating: "\\", count: count)
        #expect(scrub(text) == (isPassedOn ? text : nil))
    }

    @Test func leavesTheRestAlone() {
        #expect(scrub("Use a key that begins with sk-proj-.") == "Use a key that begins with sk-proj-.")
        #expect(scrub("") == "")
        #expect(SecretScrubber("short").clean("a short one") == "a [removed] one")
        for text in ["xAbCdEfGh", "AbCdEfGhx", "hGfEdCbA-", "bAdCfEhGj"] { #expect(scrub(text) == text) }
        let escapes = #"{"message":"not \"this\"\n \u00e9 C:\\temp"} \"#
        #expect(scrub(escapes) == escapes)
    }

    @Test func givesNothingOfATextWhereTheKeyIsTooLongToBeLookedFor() {
        let longest = String(repeating: "a1B2", count: 256)
        #expect(SecretScrubber(longest).clean("no \(longest) here") == "no [removed] here")
        #expect(SecretScrubber(longest + "c").clean("no such thing") == nil)
    }

    /// A text that spells it in escapes is given up whole: what it says cannot be told apart from the key any more.
    @Test(arguments: 1...9) func givesNothingOfATextThatSpellsItInEscapes(depth: Int) {
        var text = key.dropFirst(8).prefix(12).utf8.map { String(format: "\\u%04x", $0) }.joined()
        for _ in 1..<depth { text = text.replacing("\\", with: "\\\\") }
        #expect(scrub(#"{"error":{"message":"no such key, \#(text)"}}"#) == nil)
        #expect(scrub(#"{"error":{"message":"\#(key)"}} \#(text)"#) == nil)
    }
}
