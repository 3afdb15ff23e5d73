public import KeyVaultFormat

/// Something about a key that was stored all the same.
public enum KeyWarning: Hashable, Sendable {
    /// The key has none of the shapes that its provider is known to issue.
    case unknownShape(provider: String)
    /// Whether the key is live could not be found out.
    case unverified(Validation)
}

extension KeyWarning: CustomStringConvertible {
    /// A sentence for a person.
    public var description: String {
        switch self {
        case .unknownShape(let provider): "The key does not look like those that \(provider) is known to issue."
        case .unverified(let validation): "The key was stored without having been verified. \(validation.reason)"
        }
    }
}

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

/// What a check on write leads to. A key of a wrong shape is refused in any case.
public enum CheckPolicy: String, Hashable, Sendable, CaseIterable, Codable {
    /// No provider is asked.
    case off
    /// A key that its provider refuses is not stored. One of an unknown shape, or whose check came to no end, is, with a
    /// warning.
    case lenient
    /// Only a key of a known shape that its provider has confirmed is stored. A provider without a free check cannot
    /// confirm any. This binds where there is somebody to ask: a key of a provider that the registry does not know is
    /// stored unchecked, and without a ``VaultConfiguration/validator`` the shape alone is checked.
    case strict
}
