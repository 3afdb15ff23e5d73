import Foundation
public import KeyVaultFormat

/// The one free, read-only request that tells whether a key is live.
public struct LiveCheck: Hashable, Sendable {
    /// Where the provider's API is, such as `https://api.openai.com`; `nil` where the operator must name the host.
    public var base: String?
    /// The path of the GET request, appended to the base; with its query, where it has one.
    public var path: String
    /// The header that carries the key. Never a query: URLs end up in logs.
    public var header: String
    /// What stands before the key in that header, such as `Bearer` and a space.
    public var scheme: String
    /// Headers that are sent as they are.
    public var headers: [String: String]
    /// What a status means beyond 200 (valid), 401 (invalid) and 429 (rate-limited). A status that neither names says nothing
    /// about the key.
    public var statuses: [Int: Verdict]
    /// Looked at before ``statuses``; the first that applies decides. Where one is for the answer's status, and the answer is longer than
    /// 64 KiB, does not come to its end or is no JSON, it says nothing about the key.
    public var answers: [AnswerRule]
    /// Keys that begin with one of these are of a kind that the request cannot check.
    public var uncheckedPrefixes: [String]

    public init(
        base: String?, path: String, header: String = "Authorization", scheme: String = "Bearer ",
        headers: [String: String] = [:], statuses: [Int: Verdict] = [:], answers: [AnswerRule] = [],
        uncheckedPrefixes: [String] = []
    ) {
        self.base = base
        self.path = path
        self.header = header
        self.scheme = scheme
        self.headers = headers
        self.statuses = statuses
        self.answers = answers
        self.uncheckedPrefixes = uncheckedPrefixes
    }

    /// Whether ``answers`` has a rule for an answer with this status, so that it has to be read.
    public func readsAnswer(status: Int) -> Bool { answers.contains { $0.status == status } }

    /// What an answer says of the key; `nil` where it says nothing.
    ///
    /// - Parameter answer: All that was answered, where ``readsAnswer(status:)``; `nil` where it did not come to its end.
    public func verdict(status: Int, answer: [UInt8]?) -> Verdict? {
        let verdict = readsAnswer(status: status) ? verdict(status: status, reading: answer) : verdict(status: status)
        return verdict == .unverified ? nil : verdict
    }

    private func verdict(status: Int, reading answer: [UInt8]?) -> Verdict? {
        // The status alone may mean either: a key is not refused for an answer that did not come to its end.
        guard let answer, let document = try? JSONDecoder().decode(AnswerDocument.self, from: Data(answer)) else {
            return nil
        }
        let rule = answers.first { $0.status == status && document.text(at: $0.member) == $0.value }
        return rule?.verdict ?? verdict(status: status)
    }

    private func verdict(status: Int) -> Verdict? {
        switch (statuses[status], status) {
        case (let verdict?, _): verdict
        case (nil, 200): .valid
        case (nil, 401): .invalid
        case (nil, 429): .rateLimited
        default: nil
        }
    }
}
