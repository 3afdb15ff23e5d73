import KeyVaultFormat

// How the rules are written in a document. What a document leaves out has the default of the initialiser.

extension Provider: Codable {
    public init(from decoder: any Decoder) throws {
        let members = try decoder.members([
            "name", "displayName", "formats", "requiredPrefixes", "administrativePrefixes", "check",
        ])
        let name = try members.decode(String.self, forKey: "name")
        let allowed = CharacterClass.lowerAlphanumeric
        let isName = name.utf8.allSatisfy { allowed.contains($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
        guard isName, (1...64).contains(name.utf8.count) else {
            throw members.refusal("A name is 1 to 64 characters of a-z, 0-9, '-' and '.'.", forKey: "name")
        }
        self.init(
            name: name,
            displayName: try members.decodeIfPresent(String.self, forKey: "displayName") ?? name,
            formats: try members.decodeIfPresent([KeyFormat].self, forKey: "formats") ?? [],
            requiredPrefixes: try members.prefixes(forKey: "requiredPrefixes"),
            administrativePrefixes: try members.prefixes(forKey: "administrativePrefixes"),
            check: try members.decodeIfPresent(LiveCheck.self, forKey: "check"))
    }

    public func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: MemberName.self)
        try members.encode(name, forKey: "name")
        try members.encode(displayName, forKey: "displayName")
        try members.encode(formats, forKey: "formats")
        try members.encode(requiredPrefixes, forKey: "requiredPrefixes")
        try members.encode(administrativePrefixes, forKey: "administrativePrefixes")
        try members.encodeIfPresent(check, forKey: "check")
    }
}

extension KeyFormat: Codable {
    public init(from decoder: any Decoder) throws {
        let members = try decoder.members(["prefix", "characters", "minimum", "maximum", "marker", "suffix"])
        let minimum = try members.decode(Int.self, forKey: "minimum")
        let maximum = try members.decodeIfPresent(Int.self, forKey: "maximum") ?? minimum
        guard 0 <= minimum, minimum <= maximum, maximum <= Secret.maximumLength else {
            throw members.refusal(
                "The lengths must satisfy 0 ≤ minimum ≤ maximum ≤ \(Secret.maximumLength).",
                forKey: (0...Secret.maximumLength).contains(minimum) ? "maximum" : "minimum")
        }
        self.init(
            prefix: try members.decodeIfPresent(String.self, forKey: "prefix") ?? "",
            characters: try members.decodeIfPresent(CharacterClass.self, forKey: "characters") ?? .word,
            length: minimum...maximum,
            marker: try members.decodeIfPresent(String.self, forKey: "marker"),
            suffix: try members.decodeIfPresent(String.self, forKey: "suffix"))
    }

    public func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: MemberName.self)
        try members.encode(prefix, forKey: "prefix")
        try members.encode(characters, forKey: "characters")
        try members.encode(length.lowerBound, forKey: "minimum")
        try members.encode(length.upperBound, forKey: "maximum")
        try members.encodeIfPresent(marker, forKey: "marker")
        try members.encodeIfPresent(suffix, forKey: "suffix")
    }
}

extension CharacterClass: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let characters = CharacterClass(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "This is no class of printable ASCII, such as \"A-Za-z0-9_-\".")
        }
        self = characters
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

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

extension AnswerRule: Codable {
    public init(from decoder: any Decoder) throws {
        let members = try decoder.members(["status", "member", "value", "verdict"])
        let member = try members.decode(String.self, forKey: "member")
        guard !member.split(separator: ".", omittingEmptySubsequences: false).contains("") else {
            throw members.refusal("A member is named by names with dots between them.", forKey: "member")
        }
        self.init(
            status: try members.status(forKey: "status"), member: member,
            value: try members.decode(String.self, forKey: "value"), verdict: try members.verdict(forKey: "verdict"))
    }

    public func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: MemberName.self)
        try members.encode(status, forKey: "status")
        try members.encode(member, forKey: "member")
        try members.encode(value, forKey: "value")
        try members.encode(verdict.name, forKey: "verdict")
    }
}

extension ModelRoute: Codable {
    public init(from decoder: any Decoder) throws {
        let members = try decoder.members(["pattern", "provider"])
        let pattern = try members.decode(String.self, forKey: "pattern")
        guard let route = ModelRoute(pattern: pattern, provider: try members.decode(String.self, forKey: "provider"))
        else {
            throw members.refusal(
                "A pattern is a model's name with '*' and classes such as '[0-9]'.", forKey: "pattern")
        }
        self = route
    }

    public func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: MemberName.self)
        try members.encode(pattern, forKey: "pattern")
        try members.encode(provider, forKey: "provider")
    }
}
