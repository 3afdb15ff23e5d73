import HTTPTypes
import Hummingbird
import HummingbirdTesting
import KeyVault
import Logging
import NIOCore

@testable import KeyVaultHTTP

/// The service over a vault in memory, for one account or, with `account: nil`, for nobody.
struct ServiceFixture {
    let router = Router(context: ServiceContext.self)

    let vault: Vault

    init(
        account: String? = "acme", upstreams: Upstreams = Upstreams(), store: any RecordStore = MemoryStore(),
        pool: KeyResolver.Pool? = nil
    ) async throws {
        vault = try await Vault.create(
            in: store, masterKey: MasterKeyRing(try MasterKey.random()),
            configuration: VaultConfiguration(checks: .off))
        var configuration = ServiceConfiguration(writesPerMinute: 0)
        configuration.upstreams = upstreams
        configuration.pool = pool
        KeyVaultService(vault: vault, authenticator: Fixed(account: account), configuration: configuration)
            .addRoutes(to: router)
    }

    /// Asks the routes, without a socket in between.
    func test(
        logger: Logger? = nil, _ body: @Sendable (any TestClientProtocol) async throws -> Void
    ) async throws {
        try await Application(router: router, logger: logger).test(.router, body)
    }
}

private struct Fixed: Authenticator {
    let account: String?

    func account(for request: HTTPRequest) -> Account? { account.map { Account(tenant: $0) } }
}
