import KeyVault
import Testing

@Suite struct CharacterClassTests {
    @Test(arguments: [
        ("A-Za-z0-9", "0-9A-Za-z"), ("A-Za-z0-9_-", "0-9A-Z_a-z-"), ("-az", "az-"), ("a-c", "a-c"), ("ab", "ab"),
        ("a-a", "a"),
        ("!-~", "!-,.-~-"), ("-", "-"),
    ]) func theNotationIsReadAndWritten(_ notation: String, _ canonical: String) throws {
        let characters = try #require(CharacterClass(notation))
        #expect(characters.description == canonical)
        #expect(CharacterClass(canonical) == characters)
    }

    @Test(arguments: ["", "z-a", "a b", "é", "a-\u{7F}"]) func whatIsNoClassIsRefused(_ notation: String) {
        #expect(CharacterClass(notation) == nil)
    }

    @Test func theClassesHoldWhatTheySay() {
        #expect(CharacterClass.word == CharacterClass("A-Za-z0-9_-"))
        #expect(CharacterClass.alphanumeric == CharacterClass("A-Za-z0-9"))
        #expect(CharacterClass.lowerAlphanumeric == CharacterClass("a-z0-9"))
        #expect(CharacterClass.hexadecimal == CharacterClass("a-f0-9"))
        #expect(CharacterClass.wordAndDot == CharacterClass("A-Za-z0-9_.-"))
        for byte in UInt8.min...UInt8.max where !(0x21...0x7E).contains(byte) {
            #expect(!CharacterClass.word.contains(byte))
        }
    }
}
