import KeyVaultFormat

extension LiveCheck: Codable {
    public init(from decoder: any Decoder) throws {
        let members = try decoder.members([
            "base", "path", "header", "scheme", "headers", "statuses", "answers", "uncheckedPrefixes",
        ])
        let path = try members.decode(String.self, forKey: "path")
        guard path.hasPrefix("/"), path.utf8.allSatisfy(CharacterClass.isPrintable) else {
            throw members.refusal("A path begins with '/' and holds printable ASCII only.", forKey: "path")
        }
        let headers = try members.decodeIfPresent([String: String].self, forKey: "headers") ?? [:]
        let header = try members.decodeIfPresent(String.self, forKey: "header") ?? "Authorization"
        let scheme = try members.decodeIfPresent(String.self, forKey: "scheme") ?? "Bearer "
        let badName = "A header's name is made of letters, digits, '-' and '_'."
        let badValue = "What is sent in a header is printable ASCII."
        guard Self.isHeaderName(header) else { throw members.refusal(badName, forKey: "header") }
        guard Self.isHeaderValue(scheme) else { throw members.refusal(badValue, forKey: "scheme") }
        // Sorted, so that of two the same one is always named.
        for (name, value) in headers.sorted(by: { $0.key < $1.key }) {
            guard Self.isHeaderName(name) else { throw members.refusal(badName, forKey: "headers", member: name) }
            guard Self.isHeaderValue(value) else { throw members.refusal(badValue, forKey: "headers", member: name) }
        }
        self.init(
            base: try members.decodeIfPresent(String.self, forKey: "base"), path: path, header: header, scheme: scheme,
            headers: headers, statuses: try members.statuses(forKey: "statuses"),
            answers: try members.decodeIfPresent([AnswerRule].self, forKey: "answers") ?? [],
            uncheckedPrefixes: try members.prefixes(forKey: "uncheckedPrefixes"))
    }

    public func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: MemberName.self)
        try members.encodeIfPresent(base, forKey: "base")
        try members.encode(path, forKey: "path")
        try members.encode(header, forKey: "header")
        try members.encode(scheme, forKey: "scheme")
        try members.encode(headers, forKey: "headers")
        let statuses = statuses.map { (String($0.key), $0.value.name) }
        try members.encode(Dictionary(uniqueKeysWithValues: statuses), forKey: "statuses")
        try members.encode(answers, forKey: "answers")
        try members.encode(uncheckedPrefixes, forKey: "uncheckedPrefixes")
    }

    private static func isHeaderName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy(CharacterClass.word.contains)
    }

    private static func isHeaderValue(_ value: String) -> Bool {
        value.utf8.allSatisfy { (0x20...0x7E).contains($0) }
    }
}
