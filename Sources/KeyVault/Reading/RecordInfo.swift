public import KeyVaultFormat

/// What is known of a stored key, without the key.
public struct RecordInfo: Hashable, Sendable {
    public let id: RecordID
    /// Starts above every revision that was ever deleted (at 1 in a new vault) and rises with every change; never used twice for
    /// one id.
    public let revision: UInt64
    public let metadata: Metadata
    /// Warnings to show the person who stored the key; empty except in the result of a put.
    public let warnings: [KeyWarning]

    package init(id: RecordID, revision: UInt64, metadata: Metadata, warnings: [KeyWarning] = []) {
        self.id = id
        self.revision = revision
        self.metadata = metadata
        self.warnings = warnings
    }
}
