public import KeyVault

/// How a ``KeyVaultService`` behaves. The defaults suit a server.
public struct ServiceConfiguration: Sendable {
    /// The product's name, as messages and the page show it. Default: `Stratus`.
    public var brand: String
    /// The member of a chat completion that says which key served it; none that OpenAI's answers have. Default: `stratus`.
    public var responseObject: String
    /// The largest body of a request that manages keys, in bytes. Default: 256 KiB.
    public var maximumKeysBody: Int
    /// The largest body of a chat request, in bytes. Default: 16 MiB; images come along inside.
    public var maximumChatBody: Int
    /// How many requests that change keys an account may send in a minute; 0 for no limit. Default: 60.
    public var writesPerMinute: Int
    /// Where chat requests go. Default: to the providers' own addresses.
    public var upstreams: Upstreams
    /// How long to wait for a connection to a provider. Default: 10 s. Ignored where the caller has given a client.
    public var connectTimeout: Duration
    /// How long a provider may stay silent, before its answer begins and between its parts. Default: 10 minutes, since a model
    /// that reasons, and does not stream, says nothing until it is done. Ignored where the caller has given a client.
    public var silenceTimeout: Duration
    /// How long a chat may take in all: it ends with the first part of its answer that comes later. Default: 15 minutes.
    public var chatTimeout: Duration
    /// The shared pool's key. Default: `nil`, no pool.
    public var pool: KeyResolver.Pool?
    /// Whether the pool serves where an account has no key of its own. Default: yes.
    public var poolPolicy: PoolPolicy
    /// Whose keys are known, and which provider serves a model. Default: what this release knows.
    public var providers: ProviderRegistry

    public init(
        brand: String = "Stratus", responseObject: String = "stratus", maximumKeysBody: Int = 256 * 1024,
        maximumChatBody: Int = 16 * 1024 * 1024, writesPerMinute: Int = 60, upstreams: Upstreams = Upstreams(),
        connectTimeout: Duration = .seconds(10), silenceTimeout: Duration = .seconds(600),
        chatTimeout: Duration = .seconds(900), pool: KeyResolver.Pool? = nil, poolPolicy: PoolPolicy = .allow,
        providers: ProviderRegistry = .builtIn
    ) {
        self.brand = brand
        self.responseObject = responseObject
        self.maximumKeysBody = maximumKeysBody
        self.maximumChatBody = maximumChatBody
        self.writesPerMinute = writesPerMinute
        self.upstreams = upstreams
        self.connectTimeout = connectTimeout
        self.silenceTimeout = silenceTimeout
        self.chatTimeout = chatTimeout
        self.pool = pool
        self.poolPolicy = poolPolicy
        self.providers = providers
    }
}
