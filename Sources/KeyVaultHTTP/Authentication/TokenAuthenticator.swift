public import HTTPTypes
public import KeyVault

/// Believes the tokens that `keyvault token create` makes, sent as `Authorization: Bearer …`.
public struct TokenAuthenticator: Authenticator {
    private let tokens: TokenMemory

    /// - Parameters:
    ///   - vault: holds the tokens' hashes.
    ///   - outageLimit: for how long a token that was let in before is let in while the vault's store is out of reach.
    ///     Default: an hour.
    public init(_ vault: Vault, outageLimit: Duration = .seconds(3600)) {
        tokens = TokenMemory(vault, limit: outageLimit)
    }

    public func account(for request: HTTPRequest) async throws -> Account? {
        guard let credentials = request.headerFields.value(of: .authorization),
            let space = credentials.utf8.firstIndex(of: UInt8(ascii: " ")),
            // The scheme is case-insensitive (RFC 9110, section 11.1).
            credentials[..<space].lowercased() == "bearer"
        else { return nil }
        let token = String(credentials[space...].trimmingSpaces)
        return try await tokens.authenticate(token)?.tenant.map { Account(tenant: $0) }
    }
}
