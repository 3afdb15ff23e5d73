public import struct Foundation.Date

/// What is known of a key beside the key itself. It lies inside the sealed plaintext (SPEC.md section 4.3): authenticated
/// and private.
public struct Metadata: Hashable, Sendable {
    /// When the id was first given a key. To the millisecond, like every date here.
    public var created: Date
    /// When the key was last replaced.
    public var updated: Date
    /// When the provider last said something about the key, in a live check or by refusing a use of it; `nil` when it never did.
    public var lastValidated: Date?
    /// What it said.
    public var verdict: Verdict
    /// Whether the key is to be served; ``obstacle(at:)`` says whether it is, at a time.
    public var state: RecordState
    /// The place among the labels of one provider: lower is tried first. Default 0.
    public var order: UInt16
    /// From when on the key is not served; `nil` for never.
    public var expires: Date?
    /// Until when a retained revision can be read; `nil` for a current one.
    public var retainedUntil: Date?
    /// What may be shown of the key; `nil` for a key too short to show anything of.
    public var hint: Hint?

    public init(
        created: Date, updated: Date, lastValidated: Date? = nil, verdict: Verdict = .unverified,
        state: RecordState = .enabled, order: UInt16 = 0, expires: Date? = nil, retainedUntil: Date? = nil,
        hint: Hint? = nil
    ) {
        self.created = created
        self.updated = updated
        self.lastValidated = lastValidated
        self.verdict = verdict
        self.state = state
        self.order = order
        self.expires = expires
        self.retainedUntil = retainedUntil
        self.hint = hint
    }
}
