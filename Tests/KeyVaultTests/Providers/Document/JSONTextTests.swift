import Testing

@testable import KeyVault

/// On which line of a text a path ends.
@Suite struct JSONTextTests {
    private struct Index: CodingKey {
        let intValue: Int?
        var stringValue: String { "\(intValue ?? 0)" }

        init?(intValue: Int) { self.intValue = intValue }
        init?(stringValue: String) { nil }
    }

    private let text = JSONText(Array("{\n\"a\": [\n1,\n{\"b\":\n2}\n],\n\"c\": \"[\"\n}".utf8))

    private func path(_ keys: [Any]) -> [any CodingKey] {
        keys.compactMap { key -> (any CodingKey)? in
            if let index = key as? Int { return Index(intValue: index) }
            return (key as? String).map { MemberName(stringValue: $0) }
        }
    }

    @Test func aValueThatIsThere() {
        for (keys, line) in [([], 1), (["a"], 2), (["a", 0], 3), (["a", 1], 4), (["a", 1, "b"], 5), (["c"], 7)]
            as [([Any], Int)]
        {
            #expect(text.line(of: path(keys)) == line, "\(keys)")
        }
    }

    @Test func whereAPathLeadsNowhereItsLastParentIsNamed() {
        for (keys, line) in [
            (["d"], 1), (["a", 2], 2), (["a", 9, "b"], 2), (["a", 1, "c"], 4),
            // An element of what is no array, a member of what is no object.
            (["a", 0, 0], 3), (["a", "b"], 2), (["c", 0], 7), (["c", "a"], 7), ([0], 1),
        ] as [([Any], Int)] {
            #expect(text.line(of: path(keys)) == line, "\(keys)")
        }
    }
}
