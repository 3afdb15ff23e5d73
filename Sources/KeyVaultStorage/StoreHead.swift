import KeyVaultFormat

/// What a store holds beside its rows.
public struct StoreHead: Hashable, Sendable {
    /// The vault header (SPEC.md section 5), opaque to the store.
    public var header: [UInt8]
    /// What the store was created with, 1 for a new vault; raised by one with every header that replaces another.
    public var generation: UInt64
    /// A new id starts above this revision. At least the highest one that a deletion has removed as current; copying a vault and
    /// repairing one raise it further.
    public var revisionFloor: UInt64

    public init(header: [UInt8], generation: UInt64, revisionFloor: UInt64) {
        self.header = header
        self.generation = generation
        self.revisionFloor = revisionFloor
    }

    /// Puts another header in the place of this one, a generation later.
    public mutating func replaceHeader(by header: [UInt8]) {
        self.header = header
        generation += 1
    }
}

// What every store checks and does in the same way, so that the same mistake gives the same error. Public for the authors of stores.

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
