import HTTPTypes
import KeyVault

extension APIError {
    /// What a client is told of a failure of the vault.
    ///
    /// - Parameter purpose: what could not be done, such as `store keys`.
    init(_ error: VaultError, purpose: String, providers: ProviderRegistry) {
        switch (error.code, error.cause) {
        case (.keyRejected, let rejection as KeyRejection), (.inconclusiveCheck, let rejection as KeyRejection):
            self.init(rejection, providers)
        case (.emptySecret, let cause):
            self = .emptyKey(of: (cause as? KeyRejection)?.id.provider)
        case (.secretTooLong, _):
            self = .invalidRequest("The key is too long", hint: error.message)
        case (.invalidArgument, _):
            self = .invalidRequest("The request cannot be carried out", hint: error.message)
        case (.conflict, _):
            self = .preconditionFailed
        case (.notFound, _):
            self.init(.notFound, "not_found", "No such key is stored")
        case (.damagedRecord, _):
            // To try again does not help.
            self.init(
                .conflict, "key_unreadable", "The stored key is damaged and cannot be read",
                hint: "Store it again, or delete it.")
        case _ where error.isOfMasterKey:
            self = .unavailable(purpose)
            hint = "The server lacks the vault's master key; its operator has to give it that. See /health."
        case (.newerRecord, _), (.newerVault, _):
            self = .unavailable(purpose)
            hint = "What is stored was written by a later release of the server; its operator has to upgrade this one."
        case (.store, let cause as StoreError) where cause.code == .full || cause.code == .readOnly:
            // `/health` reads, and finds nothing wrong.
            self = .unavailable(purpose)
            hint = "Keys can be read, but not written; what the store lacks stands in the server's log."
        default:
            // Locked, damaged, out of reach, closed: what it is stands in the log; to a client it is all the same.
            self = .unavailable(purpose)
        }
    }

    private init(_ rejection: KeyRejection, _ providers: ProviderRegistry) {
        let provider = rejection.id.provider
        switch rejection.reason {
        case .format(let match):
            self = .wrongFormat(match, provider: provider, providers)
        case .validation(let validation) where validation.verdict == .invalid:
            self = .rejectedKey(rejection.displayName, provider: provider)
        case .validation(let validation):
            self.init(
                .unprocessableContent, "validation_failed",
                "\(rejection.displayName) API key could not be validated", hint: validation.reason, provider: provider)
        }
    }

    /// Of a key that `provider` cannot have issued.
    static func wrongFormat(_ match: KeyFormat.Match, provider: String, _ providers: ProviderRegistry) -> APIError {
        let name = providers[provider]?.displayName ?? provider
        return .invalidRequest(
            "Invalid \(name) API key format",
            hint: match.explanation(name, providers[provider]?.requiredPrefixes ?? [], providers), provider: provider)
    }

    static func rejectedKey(_ displayName: String, provider: String) -> APIError {
        APIError(
            .unprocessableContent, "validation_failed", "\(displayName) API key is invalid or inactive",
            hint: "Check on the provider's page that the key is active and has credit, and copy it again.",
            provider: provider)
    }

    static func emptyKey(of provider: String?) -> APIError {
        .invalidRequest(
            "A key is empty or null", hint: "Leave a key out to keep what is stored; send DELETE to remove it.",
            provider: provider)
    }

    static func unavailable(_ purpose: String) -> APIError {
        APIError(
            .serviceUnavailable, "service_unavailable", "Vault connection unavailable - cannot \(purpose)",
            hint: "See /health. Keys sent along in request headers go on working.", retryAfter: 5)
    }

    /// The status is nginx's. Nobody reads this answer; it is for the metrics.
    static let clientIsGone = APIError(
        HTTPResponse.Status(code: 499, reasonPhrase: "Client Closed Request"), "client_closed_request",
        "The client has gone away")

    /// Of what was under way when the server's patience ended. It is for the log: nothing is written any more by then.
    static let shuttingDown = APIError(.serviceUnavailable, "service_unavailable", "The server is shutting down")

    static let preconditionFailed = APIError(
        .preconditionFailed, "precondition_failed", "The stored keys have changed since they were read",
        hint: "Read the status again, and send its ETag as If-Match.")
}

extension KeyFormat.Match {
    /// What is wrong with a key that was refused for its shape.
    fileprivate func explanation(_ name: String, _ prefixes: [String], _ providers: ProviderRegistry) -> String {
        let quoted = prefixes.map { "'\($0)'" }.joined(separator: " or ")
        let shape = prefixes.isEmpty ? "" : " \(name) keys begin with \(quoted)."
        switch self {
        case .refused(let refusal): return "The key \(refusal.explanation).\(shape)"
        case .belongsToAnother(let names):
            let owners = names.map { providers[$0]?.displayName ?? $0 }.joined(separator: " or ")
            return "It looks like a key of \(owners).\(shape)"
        case .matches, .unknownShape: return "It has none of the shapes that \(name) is known to issue.\(shape)"
        }
    }
}
