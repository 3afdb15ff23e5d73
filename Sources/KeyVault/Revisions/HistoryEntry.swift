public import KeyVaultFormat

/// One revision of a stored key: the current one, or an earlier one that is kept for a while.
public struct HistoryEntry: Hashable, Sendable {
    public let revision: UInt64
    public let isCurrent: Bool
    /// `nil` for a revision that does not open. `Metadata.retainedUntil` says how long an earlier one can be read.
    public let metadata: Metadata?
}

/// What a sweep removed.
public struct SweepReport: Hashable, Sendable {
    /// Keys and tokens that had expired.
    public internal(set) var expired = 0
    /// Earlier revisions whose time had ended.
    public internal(set) var revisions = 0
}
