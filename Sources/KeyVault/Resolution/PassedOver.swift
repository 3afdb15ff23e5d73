public import KeyVaultFormat

public import struct Foundation.Date

/// A source of keys that did not serve a request, and why.
public enum PassedOver: Hashable, Sendable {
    /// Kept, but not served.
    case disabled(RecordID, DisabledReason, until: Date?)
    case expired(RecordID)
    /// The record does not open, or was gone by the time it was read.
    case unreadable(RecordID)
    /// The tenant has no key that could serve the request.
    case nothingStored
    /// What is stored could not be found out. Never the same as ``nothingStored``.
    case storeFailed
    /// No pool is configured.
    case noPool
    case poolDeniedByOperator
    case poolDeniedByTenant
    /// The pool's key is another provider's, and none of a broker.
    case poolOfAnotherProvider
}

extension PassedOver: CustomStringConvertible {
    /// A clause for a person.
    public var description: String {
        switch self {
        case .disabled(let id, .requested, _): "\(id) is disabled"
        case .disabled(let id, .rejected, _): "\(id) was refused by the provider"
        case .disabled(let id, .coolingDown, let until):
            "\(id) is cooling down\(until.map { " until \($0.iso8601)" } ?? "") after the provider asked for a pause"
        case .expired(let id): "\(id) has expired"
        case .unreadable(let id): "\(id) cannot be read"
        case .nothingStored: "no key is stored for this provider"
        case .storeFailed: "the store of keys cannot be read"
        case .noPool: "no shared pool is configured"
        case .poolDeniedByOperator: "the operator does not allow the shared pool"
        case .poolDeniedByTenant: "the account does not allow the shared pool"
        case .poolOfAnotherProvider: "the shared pool does not serve this provider"
        }
    }
}
