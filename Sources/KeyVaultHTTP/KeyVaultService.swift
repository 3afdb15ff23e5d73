public import AsyncHTTPClient
public import HTTPTypes
public import Hummingbird
public import KeyVault
import NIOCore

/// The HTTP API over a vault: accounts manage their provider keys, and their chats are served with them.
///
/// ```swift
/// let service = KeyVaultService(vault: vault, authenticator: TokenAuthenticator(vault))
/// let router = Router(context: ServiceContext.self)
/// service.addRoutes(to: router)
/// try await Application(router: router).runService()
/// ```
///
/// No answer, log line, metric or span of it holds a key. `openapi.yaml`, which it serves once ``addPage(to:)`` was called,
/// describes it.
public struct KeyVaultService: Sendable {
    let vault: Vault
    let authenticator: any Authenticator
    let configuration: ServiceConfiguration
    let resolver: KeyResolver
    let client: UpstreamClient
    let validator: (any ProviderValidator)?
    let limiter: WriteLimiter
    let metrics = ServiceMetrics()

    /// - Parameters:
    ///   - validator: asks providers whether keys are live, when an account asks for it. What is asked when a key is stored is
    ///     the vault's configuration. Default: none.
    ///   - client: makes the calls to providers. It must not follow redirects: they would take keys along to other hosts.
    ///     Default: one of the service's own, which besides refuses a status below 100; AsyncHTTPClient itself ends the process
    ///     where a provider sends that.
    public init(
        vault: Vault, authenticator: any Authenticator, configuration: ServiceConfiguration = ServiceConfiguration(),
        validator: (any ProviderValidator)? = nil, client: HTTPClient? = nil
    ) {
        self.vault = vault
        self.authenticator = authenticator
        self.configuration = configuration
        self.validator = validator
        self.client = client.map { UpstreamClient($0) } ?? UpstreamClient(configuration)
        resolver = KeyResolver(vault: vault, pool: configuration.pool, policy: configuration.poolPolicy)
        limiter = WriteLimiter(perMinute: configuration.writesPerMinute)
    }

    /// Adds the API's routes.
    public func addRoutes(to router: some RouterMethods<some RequestContext>) {
        var routes: [(operation: Operation, handler: Handler)] = [
            (.storeKeys, storeKeys), (.keyStatus, keyStatus), (.deleteKeys, deleteKeys), (.keyDetails, keyDetails),
            (.testKey, testKey), (.enableKey, enableKey), (.disableKey, disableKey), (.chat, chat), (.health, health),
            (.liveness, liveness),
        ]
        routes += routes.filter { $0.operation.method == .get }.map { ($0.operation.forHead, $0.handler) }
        for route in routes { add(route.operation, to: router, route.handler) }
        refuseOtherMethods(than: routes.map(\.operation), on: router)
    }

    /// How long the body of a request may be, in bytes: for a ``ContinueHandler``.
    public func longestBody(of request: HTTPRequest) -> Int {
        request.path == Operation.chat.path ? configuration.maximumChatBody : configuration.maximumKeysBody
    }
}
