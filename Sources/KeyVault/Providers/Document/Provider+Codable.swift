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
