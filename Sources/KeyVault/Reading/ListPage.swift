public import KeyVaultFormat

/// One row of a list: a record, or what can be said of one that does not open.
public struct ListEntry: Hashable, Sendable {
    public let id: RecordID
    public let revision: UInt64
    /// `nil` for a record that does not open: a damaged one, which can be listed, replaced and deleted, and nothing else; or one
    /// whose master key is missing.
    public let metadata: Metadata?
    /// Why the record does not open; `nil` when it does.
    public let damage: String?
}

/// A page of a list.
public struct ListPage: Sendable {
    public let entries: [ListEntry]
    /// Where the next page begins; `nil` behind the last.
    public let next: RecordID?
}
