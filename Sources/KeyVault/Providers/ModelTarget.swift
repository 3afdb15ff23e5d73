/// Whose model a name is, and what that provider calls it.
public struct ModelTarget: Hashable, Sendable {
    /// The name of the provider whose model it is.
    public let provider: String
    /// The model's name as that provider knows it.
    public let model: String

    package init(provider: String, model: String) {
        self.provider = provider
        self.model = model
    }

    /// The model's name as `upstream` knows it: OpenRouter serves other providers' models under `PROVIDER/MODEL`.
    public func model(at upstream: String) -> String {
        upstream == provider || upstream != ProviderRegistry.broker ? model : "\(provider)/\(model)"
    }
}
