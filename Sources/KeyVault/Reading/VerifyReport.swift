public import KeyVaultFormat
public import KeyVaultStorage

/// What a verification found.
public struct VerifyReport: Sendable {
    /// A row that does not open.
    public struct Damage: Hashable, Sendable {
        public let id: RecordID
        public let revision: UInt64
        /// Fit to show a person.
        public let reason: String
    }

    /// How many keys were looked at: current rows, the vault's own not counted.
    public internal(set) var records = 0
    public internal(set) var damaged: [Damage] = []
    /// The last row that was looked at: where to go on after an interruption.
    public internal(set) var position: RecordKey?

    public init() {}
}
