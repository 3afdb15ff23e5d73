public import KeyVaultFormat

/// One revision of a stored key: the current one, or an earlier one that is kept for a while.
public struct HistoryEntry: Hashable, Sendable {
    public let revision: UInt64
    public let isCurrent: Bool
    /// `nil` for a revision that does not open. `Metadata.retainedUntil` says how long an earlier one can be read.
    public let metadata: Metadata?
    /// Why the revision does not open, as in ``ListEntry/code``; `nil` when it does.
    public let code: VaultError.Code?
}
