/// What the provider said of a key. The raw values are those of SPEC.md section 4.3.
public enum Verdict: UInt8, Sendable, CaseIterable {
    /// Nobody has asked yet.
    case unverified = 0
    /// The provider takes the key.
    case valid = 1
    /// Live, but without some of its rights.
    case restricted = 2
    /// Live, but without credit.
    case withoutCredit = 3
    /// The provider refuses the key.
    case invalid = 4
    /// The provider asked for a pause instead of an answer.
    case rateLimited = 5
    /// The provider did not answer, or not in a way that its rules know.
    case unreachable = 6
    /// The provider has no free check.
    case unsupported = 7
}

extension Verdict {
    /// As documents and the HTTP API write it.
    public var name: String {
        switch self {
        case .unverified: "unverified"
        case .valid: "valid"
        case .restricted: "restricted"
        case .withoutCredit: "withoutCredit"
        case .invalid: "invalid"
        case .rateLimited: "rateLimited"
        case .unreachable: "unreachable"
        case .unsupported: "unsupported"
        }
    }
}
