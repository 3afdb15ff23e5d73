public import KeyVaultFormat

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
