public import KeyVaultFormat

/// Why a key was not stored: ``VaultError/cause`` of `keyRejected` and `inconclusiveCheck`.
public struct KeyRejection: Error, Hashable, Sendable, CustomStringConvertible {
    /// What spoke against the key.
    public enum Reason: Hashable, Sendable {
        /// Its shape.
        case format(KeyFormat.Match)
        /// The provider, or that the provider could not be asked.
        case validation(Validation)
    }

    public let id: RecordID
    /// What people call the provider.
    public let displayName: String
    public let reason: Reason

    public var description: String {
        switch reason {
        case .format: "Invalid \(displayName) API key format"
        case .validation(let validation): validation.reason
        }
    }
}
