public import KeyVaultFormat

// What every store checks in the same way, so that the same mistake gives the same error. Public for the authors of stores.

extension StoreHead {
    /// Refuses a batch of a writer whose header is not the one that is stored, and a header beyond the last generation.
    ///
    /// - Throws: ``StoreError`` `staleHeader`, `invalid`.
    public func check(_ batch: WriteBatch) throws(StoreError) {
        guard batch.generation == generation else {
            throw StoreError(
                .staleHeader,
                "The vault's header is at generation \(generation), the writer's at \(batch.generation). Read it again."
            )
        }
        // Nobody gets there but by an edit of what is stored.
        guard batch.header == nil || generation < VaultHeader.maximumGeneration else {
            throw StoreError(.invalid, "The vault's header was written too often. Restore a backup.")
        }
    }
}

extension StoreHead {
    /// The longest header that a store takes, in bytes.
    public static let maximumHeaderLength = 65_536

    /// Refuses a header that no store takes.
    ///
    /// - Throws: ``StoreError`` `invalid`.
    public static func checkLength(ofHeader header: [UInt8]) throws(StoreError) {
        guard header.count <= maximumHeaderLength else {
            throw StoreError(
                .invalid, "A header has \(header.count) bytes; a store takes at most \(maximumHeaderLength).")
        }
    }

    /// Refuses a first header that no store takes.
    ///
    /// - Throws: ``StoreError`` `invalid`.
    public static func checkCreation(header: [UInt8], generation: UInt64) throws(StoreError) {
        try checkLength(ofHeader: header)
        guard generation <= VaultHeader.maximumGeneration else {
            throw StoreError(.invalid, "A vault's generation is at most 2^63 - 1, not \(generation).")
        }
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

extension StoreError {
    /// The precondition of a change does not hold.
    public static func conflict(over id: RecordID) -> StoreError {
        StoreError(.conflict, "\(id) was changed by somebody else. Read it again.", conflictingID: id)
    }
}

extension StoredRecord {
    /// Whether the sealed bytes hold `commitment` where SPEC.md section 4.1 puts it. Not secret: no constant time needed.
    public func carries(_ commitment: [UInt8]) -> Bool {
        sealed.count >= SealedRecord.commitmentRange.upperBound
            && sealed.span.extracting(SealedRecord.commitmentRange).equals(commitment.span)
    }
}

extension ScanScope {
    /// Whether only the highest revision of each id is walked over.
    public var isCurrentOnly: Bool {
        switch self {
        case .current, .currentOf: true
        case .everything, .everythingOf: false
        }
    }

    /// Whether the rows of `id` belong to it. By bytes, as everywhere.
    public func includes(_ id: RecordID) -> Bool {
        switch self {
        case .everything: true
        case .current: !id.isReserved
        case .currentOf(let tenant), .everythingOf(let tenant): id.nameBytes(at: 0).elementsEqual(tenant.utf8)
        }
    }
}
