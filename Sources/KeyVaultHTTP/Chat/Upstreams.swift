/// Where the OpenAI-compatible chat endpoint of each provider is.
///
/// Only the operator decides this: a base that a tenant could set would carry keys, and requests from inside of the
/// operator's network, to wherever that tenant likes.
public struct Upstreams: Sendable {
    private struct Endpoint {
        var base: String
        var path: String
    }

    private var endpoints: [String: Endpoint] = [
        "openai": Endpoint(base: "https://api.openai.com", path: "/v1/chat/completions"),
        "anthropic": Endpoint(base: "https://api.anthropic.com", path: "/v1/chat/completions"),
        "google": Endpoint(
            base: "https://generativelanguage.googleapis.com", path: "/v1beta/openai/chat/completions"),
        "openrouter": Endpoint(base: "https://openrouter.ai", path: "/api/v1/chat/completions"),
        "groq": Endpoint(base: "https://api.groq.com", path: "/openai/v1/chat/completions"),
        "xai": Endpoint(base: "https://api.x.ai", path: "/v1/chat/completions"),
        "mistral": Endpoint(base: "https://api.mistral.ai", path: "/v1/chat/completions"),
        "deepseek": Endpoint(base: "https://api.deepseek.com", path: "/chat/completions"),
        "together": Endpoint(base: "https://api.together.xyz", path: "/v1/chat/completions"),
        "fireworks": Endpoint(base: "https://api.fireworks.ai", path: "/inference/v1/chat/completions"),
        "perplexity": Endpoint(base: "https://api.perplexity.ai", path: "/chat/completions"),
        "cerebras": Endpoint(base: "https://api.cerebras.ai", path: "/v1/chat/completions"),
        "moonshot": Endpoint(base: "https://api.moonshot.ai", path: "/v1/chat/completions"),
    ]

    /// The providers' own addresses.
    public init() {}

    /// Sends the chats of `provider` to another base, such as `http://127.0.0.1:9000`; the path stays what it is.
    public mutating func set(_ base: String, for provider: String) {
        var base = base
        while base.hasSuffix("/") { base.removeLast() }
        endpoints[provider] = Endpoint(base: base, path: endpoints[provider]?.path ?? "/v1/chat/completions")
    }

    /// The URL of a provider's chat endpoint; `nil` where none is known.
    func chat(of provider: String) -> String? { endpoints[provider].map { $0.base + $0.path } }
}
