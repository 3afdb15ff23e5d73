import HTTPTypes
import Hummingbird
import KeyVault

import struct Foundation.Date

extension KeyVaultService {
    /// The providers that the status names whether or not a key of theirs is stored.
    private static let alwaysNamed = ["openai", "anthropic", "google", "openrouter"]

    /// `GET /v1/account/llm-keys`: which keys are stored, and when their providers last confirmed them.
    func keyStatus(_ exchange: Exchange) async throws -> Response {
        let account = try await account(exchange)
        let keys = try await AccountKeys.read(vault, tenant: account.tenant)
        let others = Set(keys.entries.map(\.id.provider)).subtracting(Self.alwaysNamed).sorted()
        let providers = Self.alwaysNamed + others
        let body = JSONWriter.object { json in
            json.member("formation_keys_available", poolIsAvailable)
            for provider in providers { json.member("has_\(provider)_key", !keys.entries(of: provider).isEmpty) }
            for provider in providers {
                let validated = keys.entries(of: provider).compactMap { $0.metadata?.lastConfirmed }.max()
                json.member("\(provider)_last_validated", validated?.iso8601)
            }
        }
        return .json(.ok, body, requestID: exchange.id, headers: [.eTag: keys.entityTag])
    }

    var poolIsAvailable: Bool { configuration.pool != nil && configuration.poolPolicy == .allow }
}

extension Metadata {
    /// When the provider last knew the key; `nil` where it never did, and where it has refused it since.
    var lastConfirmed: Date? { verdict == .invalid ? nil : lastValidated }
}
