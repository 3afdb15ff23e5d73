public import KeyVaultFormat
import KeyVaultStorage

/// One row of a list: a record, or what can be said of one that does not open.
public struct ListEntry: Hashable, Sendable {
    public let id: RecordID
    public let revision: UInt64
    /// `nil` for a record that does not open.
    public let metadata: Metadata?
    /// Why the record does not open, for a person; `nil` when it does.
    public let damage: String?
    /// The same as a code: `damagedRecord` for a record that can be listed, replaced and deleted, and nothing else;
    /// `missingMasterKey` for one whose master key this process lacks, `newerRecord` for one that needs a later release: these
    /// may well be sound.
    public let code: VaultError.Code?

    init(_ id: RecordID, revision: UInt64, _ metadata: Metadata) {
        (self.id, self.revision, self.metadata, damage, code) = (id, revision, metadata, nil, nil)
    }

    init(unreadable row: StoredRecord, _ error: VaultError) {
        (id, revision, metadata, damage, code) = (row.id, row.revision, nil, error.message, error.code)
    }
}

/// A page of a list.
public struct ListPage: Sendable {
    public let entries: [ListEntry]
    /// Where the next page begins; `nil` behind the last.
    public let next: RecordID?
}
