public import KeyVaultFormat
public import KeyVaultStorage

/// What a verification found.
public struct VerifyReport: Sendable {
    /// A row that does not open.
    public struct Damage: Hashable, Sendable {
        public let id: RecordID
        public let revision: UInt64
        /// `damagedRecord`, or for a row that may well be sound: `missingMasterKey`, where this process lacks its master key, and
        /// `newerRecord`, where it needs a later release.
        public let code: VaultError.Code
        /// Fit to show a person.
        public let reason: String

        init(_ key: RecordKey, _ error: VaultError) {
            (id, revision, code, reason) = (key.id, key.revision, error.code, error.message)
        }
    }

    /// How many keys were looked at: current rows, the vault's own not counted.
    public internal(set) var records = 0
    /// The rows that do not open; ``Damage/code`` says which of them are damaged.
    public internal(set) var damaged: [Damage] = []
    /// The last row that was looked at: where to go on after an interruption.
    public internal(set) var position: RecordKey?

    public init() {}
}
