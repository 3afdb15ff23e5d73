public import KeyVaultFormat

/// What is known of a stored key, without the key.
public struct RecordInfo: Hashable, Sendable {
    public let id: RecordID
    /// Starts above every revision that was ever deleted (at 1 in a new vault) and rises with every change; never used twice for
    /// one id.
    public let revision: UInt64
    public let metadata: Metadata
    /// What whoever stored the key should be told; empty but for the answer to a put.
    public let warnings: [KeyWarning]

    package init(id: RecordID, revision: UInt64, metadata: Metadata, warnings: [KeyWarning] = []) {
        self.id = id
        self.revision = revision
        self.metadata = metadata
        self.warnings = warnings
    }
}

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
