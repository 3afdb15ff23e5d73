import HTTPTypes
import KeyVault

/// The keys that a request brings along in headers: used for this request, and kept nowhere.
///
/// They are taken as they are, but for those that by their shape are another provider's, administrative keys and tokens of ours: they
/// would be handed to somebody whom they were not meant for.
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
            if let known = providers[provider], let refused = providers.refusalToSend(text.utf8.span, to: known) {
                throw APIError.wrongFormat(refused, provider: provider, providers)
            }
            keys[provider] = try Secret(text)
        }
        return keys
    }
}

extension ProviderRegistry {
    /// Why `key` must not go to `provider`, if so.
    fileprivate func refusalToSend(_ key: Span<UInt8>, to provider: Provider) -> KeyFormat.Match? {
        let match = match(key, of: provider)
        switch match {
        case .belongsToAnother, .refused(.administrative), .refused(.ownToken): return match
        case .refused(.missingPrefix):
            // Shapes without a prefix too.
            let owners = names.filter { name in self[name].map { self.match(key, of: $0) == .matches } ?? false }
            return owners.isEmpty ? nil : .belongsToAnother(owners)
        default: return nil
        }
    }
}
