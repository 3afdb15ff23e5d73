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
