/// Why a key is kept but not served. The raw values are those of SPEC.md section 4.3.
public enum DisabledReason: UInt8, Sendable, CaseIterable {
    /// Somebody asked for it.
    case requested = 1
    /// The provider refused the key.
    case rejected = 2
    /// The provider asked for a pause.
    case coolingDown = 3
}

extension DisabledReason: CustomStringConvertible {
    /// A clause for a person.
    public var description: String {
        switch self {
        case .requested: "by request"
        case .rejected: "rejected by the provider"
        case .coolingDown: "the provider asked for a pause"
        }
    }
}
