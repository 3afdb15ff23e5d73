public import KeyVaultFormat

/// How many keys are checked again, and how gently.
public struct RevalidationOptions: Sendable {
    /// Only this tenant's keys. Default: all.
    public var tenant: String?
    /// Where an earlier run ended (``RevalidationProgress/cursor``). Default: at the beginning.
    public var after: RecordID?
    /// How many checks may be under way. Default: 8.
    public var concurrency: Int
    /// The least time between the beginnings of two checks at one provider. Default: 100 ms.
    public var pace: Duration

    public init(
        tenant: String? = nil, after: RecordID? = nil, concurrency: Int = 8, pace: Duration = .milliseconds(100)
    ) {
        self.tenant = tenant
        self.after = after
        self.concurrency = concurrency
        self.pace = pace
    }
}

/// One key that was checked again.
public struct RevalidationResult: Hashable, Sendable {
    public let id: RecordID
    /// What the check found; `nil` where the key could not be checked (no rules for its provider, a damaged record, one that
    /// was replaced meanwhile).
    public let validation: Validation?
    /// Whether the key is disabled now because of it.
    public let wasDisabled: Bool
}

/// How far a re-validation has come.
public struct RevalidationProgress: Hashable, Sendable {
    /// Everything up to here is done: begin behind it to resume. `nil` before the first page is done.
    public var cursor: RecordID?
    /// Keys that were looked at.
    public var seen = 0
    /// Of these, keys whose provider confirmed them.
    public var live = 0
    /// Of these, keys that their provider refused.
    public var invalid = 0
    /// Of these, keys of which nothing was found out.
    public var inconclusive = 0
}
