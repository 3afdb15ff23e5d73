import HTTPTypes
import KeyVault

/// The keys that a request brings along in headers: used for this request, and kept nowhere.
///
/// They are taken as they are, but for those that by their shape are another provider's: such a key would be handed to somebody whom
/// it was not meant for.
enum InlineKeys {
    private static let headers: [(name: HTTPField.Name, provider: String)] = [
        ("X-OpenAI-Key", "openai"), ("X-Anthropic-Key", "anthropic"), ("X-Google-Key", "google"),
        ("X-OpenRouter-Key", "openrouter"),
    ].compactMap { pair in HTTPField.Name(pair.0).map { ($0, pair.1) } }

    static func read(_ fields: HTTPFields, _ providers: ProviderRegistry) throws -> [String: Secret] {
        var keys: [String: Secret] = [:]
        for (name, provider) in headers {
            guard let value = fields.value(of: name) else { continue }
            let text = String(value[...].trimmingSpaces)
            // An empty header is how clients send a variable that is not set.
            guard !text.isEmpty else { continue }
            guard text.isOneWord else {
                throw APIError.invalidRequest(
                    "The header \(name.rawName) holds no key", hint: "A key is one word of ASCII.", provider: provider)
            }
            if let known = providers[provider], case let match = providers.match(text.utf8.span, of: known),
                case .belongsToAnother = match
            {
                throw APIError.wrongFormat(match, provider: provider, providers)
            }
            keys[provider] = try Secret(text)
        }
        return keys
    }
}
