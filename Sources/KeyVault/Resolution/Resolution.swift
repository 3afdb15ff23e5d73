public import KeyVaultFormat

public import struct Foundation.Date

/// Which key serves a request, and what that means.
public struct Resolution: Hashable, Sendable {
    /// Where a key came from.
    public enum Origin: Hashable, Sendable {
        /// The request brought it along.
        case inline
        /// It is stored in the vault.
        case vault(RecordID, revision: UInt64)
        /// It is the shared pool's.
        case pool
    }

    public let origin: Origin
    /// The name of the provider whose key it is: who the request is sent to.
    public let upstream: String
    /// What is added to the price, such as 0.25; `nil` where the key is the tenant's own.
    public let markup: Double?
    /// Why what comes before it was not used, in the order in which it was looked at.
    public let passedOver: [PassedOver]

    package init(origin: Origin, upstream: String, markup: Double? = nil, passedOver: [PassedOver] = []) {
        self.origin = origin
        self.upstream = upstream
        self.markup = markup
        self.passedOver = passedOver
    }

    /// The same choice, with the revision that was read in the end.
    func serving(_ id: RecordID, revision: UInt64) -> Resolution {
        Resolution(origin: .vault(id, revision: revision), upstream: upstream, markup: markup, passedOver: passedOver)
    }
}

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
        case .disabled(let id, .coolingDown, _): "\(id) is cooling down after the provider asked for a pause"
        case .expired(let id): "\(id) has expired"
        case .unreadable(let id): "\(id) cannot be read"
        case .nothingStored: "no key is stored for this provider"
        case .storeFailed: "the store of keys cannot be reached"
        case .noPool: "no shared pool is configured"
        case .poolDeniedByOperator: "the operator does not allow the shared pool"
        case .poolDeniedByTenant: "the account does not allow the shared pool"
        case .poolOfAnotherProvider: "the shared pool does not serve this provider"
        }
    }
}
