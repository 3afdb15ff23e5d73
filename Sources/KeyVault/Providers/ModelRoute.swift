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
