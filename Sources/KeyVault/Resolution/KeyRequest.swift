/// What a request for a model brings along to choose a key by.
public struct KeyRequest: Sendable {
    public var tenant: String
    /// The name of the provider whose model is asked for (``ProviderRegistry/target(ofModel:)``).
    public var provider: String
    /// The keys that this request carries, by the name of their provider. They serve this request and are never stored,
    /// cached or shared.
    public var inline: [String: Secret]
    /// Whether the tenant lets the pool serve.
    public var poolPolicy: PoolPolicy

    public init(
        tenant: String, provider: String, inline: [String: Secret] = [:], poolPolicy: PoolPolicy = .allow
    ) {
        self.tenant = tenant
        self.provider = provider
        self.inline = inline
        self.poolPolicy = poolPolicy
    }
}
