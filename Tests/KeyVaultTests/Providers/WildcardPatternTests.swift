import Testing

@testable import KeyVault

@Suite struct WildcardPatternTests {
    @Test(arguments: [
        ("abc", "abc", true), ("abc", "ABC", true), ("abc", "abcd", false), ("abc", "ab", false), ("a*", "a", true),
        ("a*", "abc", true), ("a*", "ba", false), ("*c", "abc", true), ("*c", "abcd", false), ("*", "", true),
        ("*", "anything", true), ("a*c", "ac", true), ("a*c", "abbc", true), ("ab*ba", "aba", false),
        ("ab*ba", "abba", true),
        ("*b*", "abc", true), ("*b*", "acd", false), ("*ab*bc*", "abc", false), ("*ab*bc*", "abbc", true),
        ("a*b*c", "a1b2b3c", true), ("a*b*c", "acb", false), ("o[0-9]*", "o3-mini", true), ("o[0-9]*", "oa", false),
        ("*/*", "a/b", true), ("*/*", "/", true), ("*/*", "ab", false), ("[[]*", "[x", true),
    ]) func matching(_ pattern: String, _ text: String, _ fits: Bool) throws {
        let bytes = Array(text.utf8)
        #expect(try #require(WildcardPattern(pattern)).matches(bytes.span) == fits)
    }

    @Test(arguments: ["[", "a[0-9", "[]", "[z-a]", "a b", "é"]) func whatIsNoPatternIsRefused(_ pattern: String) {
        #expect(WildcardPattern(pattern) == nil)
    }

    @Test(arguments: ["*", "**", ""]) func aPatternThatLooksForNothingFindsItAnywhere(_ pattern: String) throws {
        let pattern = try #require(WildcardPattern(pattern))
        let text = Array("text".utf8)
        #expect(pattern.canBegin(with: text[0]))
        let places = text.indices.filter { pattern.beginsToFit(text.span, at: $0) }
        #expect(places == Array(text.indices))
    }

    @Test func whatAPatternLooksForFirstStandsBehindItsStars() throws {
        let pattern = try #require(WildcardPattern("*[xX]t*"))
        let text = Array("text".utf8)
        #expect(pattern.floats)
        #expect(pattern.canBegin(with: UInt8(ascii: "x")) && !pattern.canBegin(with: UInt8(ascii: "t")))
        let places = text.indices.filter { pattern.beginsToFit(text.span, at: $0) }
        #expect(places == [2])
    }

    @Test func everyPlaceholderOfTheListIsAPattern() {
        for text in Placeholder.list { #expect(WildcardPattern(text) != nil, "\(text)") }
    }
}
