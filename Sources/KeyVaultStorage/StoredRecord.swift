public import KeyVaultFormat

/// One row: its key and the sealed bytes as they are kept.
public struct StoredRecord: Hashable, Sendable {
    public var key: RecordKey
    /// A sealed record (SPEC.md section 4), not yet parsed: damage shows when it is opened, not when it is read.
    public var sealed: [UInt8]

    public init(key: RecordKey, sealed: [UInt8]) {
        self.key = key
        self.sealed = sealed
    }

    public var id: RecordID { key.id }
    public var revision: UInt64 { key.revision }
}

extension StoredRecord {
    /// Whether the sealed bytes hold `commitment` where SPEC.md section 4.1 puts it. Not secret: no constant time needed.
    public func carries(_ commitment: [UInt8]) -> Bool {
        sealed.count >= SealedRecord.commitmentRange.upperBound
            && sealed.span.extracting(SealedRecord.commitmentRange).equals(commitment.span)
    }
}
