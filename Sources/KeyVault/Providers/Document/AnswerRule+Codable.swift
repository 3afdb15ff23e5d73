import KeyVaultFormat

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
