public import KeyVaultFormat

/// What a row is stored under: an id and one of its revisions.
///
/// The row with the highest revision of an id is the current one. Others are retained: earlier revisions that are kept for
/// a while.
public struct RecordKey: Hashable, Sendable, Comparable {
    public var id: RecordID
    /// Starts above the ``StoreHead/revisionFloor``, so from 1 on, and only ever rises for one id.
    public var revision: UInt64

    public init(id: RecordID, revision: UInt64) {
        self.id = id
        self.revision = revision
    }

    /// By id, then by revision.
    public static func < (left: RecordKey, right: RecordKey) -> Bool {
        left.id == right.id ? left.revision < right.revision : left.id < right.id
    }
}
