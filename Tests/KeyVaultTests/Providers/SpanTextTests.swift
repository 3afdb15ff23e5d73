import KeyVault
import Testing

@Suite struct SpanTextTests {
    @Test(arguments: [
        ("", true, true, true), ("k", true, false, true), ("key", true, true, true), ("ey", false, true, true),
        ("e", false, false, true), ("x", false, false, false), ("keys", false, false, false),
        ("eyk", false, false, false),
    ])
    func comparesTheBytesOfKey(_ text: String, _ begins: Bool, _ ends: Bool, _ holds: Bool) {
        let bytes = Array("key".utf8)
        let found = (bytes.span.begins(with: text), bytes.span.ends(with: text), bytes.span.holds(text, from: 0))
        #expect(found == (begins, ends, holds))
    }

    @Test func looksBehindTheStartOnly() {
        let bytes = Array("abab".utf8)
        let found = (0...4).map { bytes.span.holds("ab", from: $0) }
        #expect(found == [true, true, true, false, false])
        let isEmptyFound = bytes.span.holds("", from: 4)
        #expect(isEmptyFound)
    }
}
