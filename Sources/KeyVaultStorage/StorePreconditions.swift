package import KeyVaultFormat

// What every store checks in the same way, so that the same mistake gives the same error.

extension StoreHead {
    /// Refuses a batch of a writer whose header is not the one that is stored.
    package func check(_ batch: WriteBatch) throws(StoreError) {
        guard batch.generation == generation else {
            throw StoreError(
                .staleHeader,
                "The vault's header is at generation \(generation), the writer's at \(batch.generation). Read it again.")
        }
    }
}

extension StoreError {
    /// The precondition of a change does not hold.
    package static func conflict(over id: RecordID) -> StoreError {
        StoreError(.conflict, "\(id) was changed by somebody else. Read it again.", conflictingID: id)
    }
}

extension StoredRecord {
    /// Whether the sealed bytes hold `commitment` where SPEC.md section 4.1 puts it. Not secret: no constant time needed.
    package func carries(_ commitment: [UInt8]) -> Bool {
        sealed.count >= SealedRecord.commitmentRange.upperBound
            && sealed[SealedRecord.commitmentRange].elementsEqual(commitment)
    }
}

extension ScanScope {
    /// Whether only the highest revision of each id is walked over.
    package var isCurrentOnly: Bool {
        switch self {
        case .current, .currentOf: true
        case .everything, .everythingOf: false
        }
    }

    /// Whether the rows of `id` belong to it. By bytes, as everywhere.
    package func includes(_ id: RecordID) -> Bool {
        switch self {
        case .everything: true
        case .current: !id.isReserved
        case .currentOf(let tenant), .everythingOf(let tenant): id.nameBytes(at: 0).elementsEqual(tenant.utf8)
        }
    }
}
