import KeyVaultFormat

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
