public import KeyVaultFormat

public import struct Foundation.Date

/// What a live check found, and when.
public struct Validation: Hashable, Sendable {
    public var verdict: Verdict
    public var time: Date
    /// A sentence for a person. Never the key, a part of it, or what the provider wrote.
    public var reason: String
    /// When the provider asked to be left alone until: with `rateLimited`, and with `unreachable` where its answer asks for that.
    public var retryAfter: Date?

    public init(verdict: Verdict, time: Date, reason: String, retryAfter: Date? = nil) {
        self.verdict = verdict
        self.time = time
        self.reason = reason
        self.retryAfter = retryAfter
    }
}

extension Verdict {
    /// Whether the provider has said that the key is live.
    public var isLive: Bool { self == .valid || self == .restricted || self == .withoutCredit }

    /// Whether a check came to no end: nothing is known beyond what was known before.
    public var isInconclusive: Bool { !isLive && self != .invalid }
}
