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
