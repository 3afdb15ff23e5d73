public import HTTPTypes

/// Finds out for which account a request speaks. Implement it to bring your own accounts.
public protocol Authenticator: Sendable {
    /// The account that `request` speaks for; `nil` where it does not say, or is not believed.
    ///
    /// An error thrown means that it could not be found out: the client is told 503, and nothing of the error. A `VaultError` is
    /// answered by its code instead: `damagedRecord` with 401, `invalidArgument` with 400 and its message, `store` and most
    /// others with 503.
    func account(for request: HTTPRequest) async throws -> Account?
}

/// Whose request it is.
public struct Account: Hashable, Sendable {
    /// The tenant whose keys are read and written.
    public let tenant: String

    public init(tenant: String) { self.tenant = tenant }
}
