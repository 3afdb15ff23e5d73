/// One rule that says whose model a name is.
public struct ModelRoute: Hashable, Sendable {
    /// The model's name, with `*` for anything and `[0-9]` for one of a class, such as `gpt-*`.
    public let pattern: String
    /// The name of the provider that serves it.
    public let provider: String

    package let matcher: WildcardPattern

    /// `nil` where the pattern leaves a bracket open, or holds anything but printable ASCII.
    public init?(pattern: String, provider: String) {
        guard !pattern.isEmpty, let matcher = WildcardPattern(pattern) else { return nil }
        self.pattern = pattern
        self.provider = provider
        self.matcher = matcher
    }

    /// The last that fits decides.
    package static let builtIn: [ModelRoute] = [
        ("*/*", "openrouter"),
        ("gpt-*", "openai"),
        ("chatgpt-*", "openai"),
        ("o[0-9]*", "openai"),
        ("claude-*", "anthropic"),
        ("gemini-*", "google"),
    ].compactMap { ModelRoute(pattern: $0.0, provider: $0.1) }
}

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

/// A model that no rule gives to a provider.
public struct UnknownModelError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The patterns that are known.
    public let patterns: [String]

    public var description: String {
        "No provider is known for this model. Known are: \(patterns.joined(separator: ", ")). "
            + "Write VENDOR/MODEL for a model of OpenRouter, or add a rule."
    }
}
