import Foundation
import NIOCore
import Testing

@testable import KeyVaultHTTP

@Suite struct SecretScrubberTests {
    private let key = "sk-proj-AbCdEfGhIjKlMnOpQrStUvWxYz0123456789"

    private func scrub(_ text: String) -> String { SecretScrubber(key).scrub(ByteBuffer(string: text)) }

    @Test func takesTheKeyAndItsPartsOut() {
        #expect(scrub("key \(key).") == "key [removed].")
        #expect(scrub("\(key.dropFirst(5).prefix(20)) and \(key.suffix(12))") == "[removed] and [removed]")
        #expect(scrub("\(key)\(key)") == "[removed]")
    }

    @Test(arguments: 0..<6) func findsItInOtherForms(shift: Int) {
        let bytes = Data([UInt8](repeating: 0xE9, count: shift) + Array(key.utf8) + Array("end".utf8))
        let hexadecimal = bytes.map { String(format: "%02x", $0) }
        for text in [
            bytes.base64EncodedString(), hexadecimal.joined(), hexadecimal.joined().uppercased(),
            hexadecimal.map { "%" + $0 }.joined(),
        ] {
            let clean = scrub("{\"\(text)\"}")
            #expect(clean.contains("[removed]"))
            #expect(clean.utf8.count < 60, "\(clean)")
        }
    }

    @Test func leavesTheRestAlone() {
        #expect(scrub("Use a key that begins with sk-proj-.") == "Use a key that begins with sk-proj-.")
        #expect(scrub("") == "")
        #expect(SecretScrubber("short").scrub(ByteBuffer(string: "a short one")) == "a [removed] one")
    }
}
