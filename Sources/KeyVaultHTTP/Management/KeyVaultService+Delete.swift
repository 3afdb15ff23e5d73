import HTTPTypes
import Hummingbird
import KeyVault

extension KeyVaultService {
    /// `DELETE /v1/account/llm-keys`: removes the keys of one provider, or all. What is not there is no error.
    func deleteKeys(_ exchange: Exchange) async throws -> Response {
        let account = try await writer(exchange)
        // One that is misspelt or said twice must not delete more, or less, than was meant.
        try exchange.requireKnownQuery(["provider", "label"])
        guard try await exchange.body(upTo: configuration.maximumKeysBody).readableBytes == 0 else {
            throw APIError.invalidRequest(
                "A deletion takes no body", hint: "Name the provider in the query: ?provider=openai.")
        }
        let provider = exchange.query("provider")
        if let provider { try await requireKnownOrStored(provider, of: account) }
        let label = exchange.query("label")
        guard provider != nil || label == nil else {
            throw APIError.invalidRequest("A label needs a provider", hint: "Add ?provider=.")
        }
        let named = try provider.flatMap { provider in
            try label.map { try recordID(account, provider, label: $0) }
        }
        let expected = try await expectedState(exchange, of: account)
        if provider == nil, expected == nil {
            try await vault.deleteAll(of: account.tenant)
        } else {
            let keys =
                if let expected { expected } else { try await AccountKeys.read(vault, tenant: account.tenant) }
            let meant = provider.map { keys.entries(of: $0) } ?? keys.entries
            try await vault.delete(
                meant.filter { named == nil || $0.id == named }.map { ($0.id, expected == nil ? nil : $0.revision) })
        }
        return .done("LLM keys deleted", requestID: exchange.id)
    }
}
