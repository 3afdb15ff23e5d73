import KeyVault

/// Which key served a chat, as the client is told: in the answer, in a stream's last event, and in headers.
struct KeySource: Sendable {
    /// `user` for the account's own key, `formation` for the shared pool's.
    let source: String
    /// `inline`, `vault` or `pool`.
    let origin: String
    let provider: String
    let markup: Double?
    /// Why what comes before was not used.
    let passedOver: [String]

    init(_ resolution: Resolution) {
        switch resolution.origin {
        case .inline: (source, origin) = ("user", "inline")
        case .vault: (source, origin) = ("user", "vault")
        case .pool: (source, origin) = ("formation", "pool")
        }
        provider = resolution.upstream
        markup = resolution.markup
        passedOver = resolution.passedOver.map { "\($0)" }
    }

    func write(in json: inout JSONWriter) {
        json.member("key_source", source)
        json.member("formation_markup_applied", markup)
        json.member("key_origin", origin)
        json.member("provider", provider)
        if !passedOver.isEmpty { json.member("passed_over", strings: passedOver) }
    }
}
