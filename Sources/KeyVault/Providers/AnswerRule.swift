public import KeyVaultFormat

/// What an answer says of a key where its status alone does not tell: a member of its JSON object has a certain value.
public struct AnswerRule: Hashable, Sendable {
    /// The status of the answers that are looked into.
    public var status: Int
    /// The names that lead to the member, with dots between them, such as `detail.status`.
    public var member: String
    /// The string that the member is; `true` and `false` stand for themselves.
    public var value: String
    /// `unverified` where such an answer says nothing about the key.
    public var verdict: Verdict

    public init(status: Int, member: String, value: String, verdict: Verdict) {
        self.status = status
        self.member = member
        self.value = value
        self.verdict = verdict
    }
}
