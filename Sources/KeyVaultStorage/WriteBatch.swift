import KeyVaultFormat

/// Changes that happen together or not at all.
public struct WriteBatch: Sendable {
    /// The generation of the header that the writer sealed under. The store refuses the batch (`staleHeader`) when its own
    /// has moved, so that nobody seals under a master key that has been retired.
    public var generation: UInt64
    /// Applied in order; each precondition sees the changes before it.
    public var changes: [RecordChange]
    /// Replaces the header and raises the generation by one.
    public var header: [UInt8]?

    public init(generation: UInt64, changes: [RecordChange] = [], header: [UInt8]? = nil) {
        self.generation = generation
        self.changes = changes
        self.header = header
    }
}

extension WriteBatch {
    /// The last revision: stores that count in signed 64-bit integers have no more.
    public static let maximumRevision = UInt64(Int64.max)

    /// Refuses what no store takes: bytes that are too long, a revision that is too high.
    ///
    /// - Throws: ``StoreError`` `invalid`.
    public func checkLimits() throws(StoreError) {
        if let header { try StoreHead.checkLength(ofHeader: header) }
        for change in changes {
            switch change {
            case .insert(let key, let sealed), .rewrap(let key, let sealed, _):
                try Self.check(key, sealed)
            case .replace(let key, let sealed, _, _, let retained):
                try Self.check(key, sealed)
                if let retained { try Self.check(key, retained) }
            case .raiseFloor(let revision):
                guard revision <= Self.maximumRevision else {
                    throw StoreError(.invalid, "The revision floor \(revision) is beyond what stores can count.")
                }
            case .delete, .deleteRetained, .deleteTenant: continue
            }
        }
    }

    private static func check(_ key: RecordKey, _ sealed: [UInt8]) throws(StoreError) {
        guard sealed.count <= SealedRecord.maximumLength else {
            throw StoreError(
                .invalid,
                "\(key.id) has \(sealed.count) sealed bytes; a store takes at most \(SealedRecord.maximumLength).")
        }
        guard key.revision <= maximumRevision else {
            throw StoreError(.invalid, "Revision \(key.revision) of \(key.id) is above the last, \(maximumRevision).")
        }
    }
}
