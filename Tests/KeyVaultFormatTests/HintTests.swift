import KeyVaultFormat
import Testing

@Suite struct HintTests {
    private func hint(of secret: String) -> Hint? { Hint(of: Array(secret.utf8).span) }

    @Test func showsThreeBytesOfTheFrontAndFourOfTheEnd() {
        #expect(hint(of: "sk-ABCDEFGHIJKLMNOPQRSTUVWXYZ")?.description == "sk-…WXYZ")
        #expect(hint(of: "123456789012345678901234")?.bytes == Array("1231234".utf8))
    }

    @Test func shortSecretsHaveNone() {
        #expect(hint(of: "12345678901234567890123") == nil)
        #expect(hint(of: "") == nil)
    }

    @Test func endsThatAreNotPrintableASCIIGiveNone() {
        let middle = String(repeating: "x", count: 20)
        for end in ["a b ", "\u{7F}abc", "abc\n", "é12", "abc\u{0}"] {
            #expect(hint(of: "sk-" + middle + end) == nil)
        }
        #expect(hint(of: " sk" + middle + "abcd") == nil)
        #expect(hint(of: "sk-" + "\n é" + middle + "abcd") != nil)
    }

    @Test func bytesAreChecked() {
        #expect(Hint(Array("1234567".utf8).span) != nil)
        #expect(Hint(Array("123456".utf8).span) == nil)
        #expect(Hint(Array("12345678".utf8).span) == nil)
        #expect(Hint(Array("123 567".utf8).span) == nil)
    }
}
