import Foundation
import HTTPTypes
import Hummingbird
import KeyVault

extension KeyVaultService {
    /// `POST /v1/account/llm-keys/{provider}/test`: asks the provider whether a stored key is live.
    func testKey(_ exchange: Exchange) async throws -> Response {
        let (_, id) = try await named(exchange)
        guard let validator else {
            throw APIError(
                .notImplemented, "not_available", "Keys cannot be tested here",
                hint: "The operator has switched validation off.")
        }
        let validation = try await vault.revalidate(id, with: validator)
        if validation.verdict == .invalid {
            throw APIError.rejectedKey(displayName(id.provider), provider: id.provider)
        }
        let body = JSONWriter.object { json in
            json.member("success", validation.verdict.isLive)
            json.member("message", validation.reason)
            json.member("verdict", validation.verdict.name)
        }
        return .json(.ok, body, requestID: exchange.id)
    }

    /// `POST /v1/account/llm-keys/{provider}/enable`: serves a key again.
    func enableKey(_ exchange: Exchange) async throws -> Response {
        let (id, expected) = try await stored(exchange)
        let enabled = try await vault.enable(id, expectedRevision: expected)
        var message = "\(displayName(id.provider)) API key enabled"
        if case .expired? = enabled.metadata.obstacle(at: Date()) { message += "; it has expired, replace it" }
        return .done(message, requestID: exchange.id)
    }

    /// `POST /v1/account/llm-keys/{provider}/disable`: keeps a key without serving it.
    func disableKey(_ exchange: Exchange) async throws -> Response {
        let (id, expected) = try await stored(exchange)
        try await vault.disable(id, expectedRevision: expected)
        return .done("\(displayName(id.provider)) API key disabled", requestID: exchange.id)
    }

    /// The key that the path and the query name.
    private func named(_ exchange: Exchange) async throws -> (account: Account, id: RecordID) {
        let account = try await writer(exchange)
        try exchange.requireKnownQuery(["label"])
        let provider = exchange.parameters.get("provider")?.removingPercentEncoding ?? ""
        let id = try recordID(account, provider, label: exchange.query("label") ?? RecordID.defaultLabel)
        try await requireKnownOrStored(provider, of: account)
        return (account, id)
    }

    /// The key that the path and the query name, and its revision where the request depends on it.
    private func stored(_ exchange: Exchange) async throws -> (id: RecordID, expected: UInt64?) {
        let (account, id) = try await named(exchange)
        guard exchange.request.headers[.ifMatch] != nil else { return (id, nil) }
        // A condition is of what is there (RFC 9110 section 13.2.1): a key that is not is a 404.
        _ = try await vault.entry(for: id)
        return (id, try await expectedState(exchange, of: account)?.revision(of: id))
    }
}
