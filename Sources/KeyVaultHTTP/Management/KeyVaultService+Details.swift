import Hummingbird
import KeyVault

import struct Foundation.Date

extension KeyVaultService {
    /// `GET /v1/account/llm-keys/details`: all that may be shown of each key, and which providers there are.
    func keyDetails(_ exchange: Exchange) async throws -> Response {
        let account = try await account(exchange)
        let keys = try await AccountKeys.read(vault, tenant: account.tenant)
        let now = Date()
        let body = JSONWriter.object { json in
            json.member("account", account.tenant)
            json.member("formation_keys_available", poolIsAvailable)
            json.member("formation_markup", poolIsAvailable ? configuration.pool?.markup : nil)
            json.member("can_test", validator != nil)
            json.member(
                "keys", objects: keys.entries.map { entry in { json in describe(entry, at: now, in: &json) } })
            json.member(
                "providers",
                objects: configuration.providers.providers.map { provider in
                    { json in
                        json.member("name", provider.name)
                        json.member("display_name", provider.displayName)
                        json.member("begins_with", strings: provider.requiredPrefixes)
                    }
                })
        }
        return .json(.ok, body, requestID: exchange.id, headers: [.eTag: keys.entityTag])
    }

    private func describe(_ entry: ListEntry, at now: Date, in json: inout JSONWriter) {
        json.member("provider", entry.id.provider)
        json.member("display_name", displayName(entry.id.provider))
        json.member("label", entry.id.label)
        json.member("hint", entry.metadata?.hint?.description)
        let state = KeyCondition(entry, at: now)
        json.member("state", state.name)
        json.member("explanation", state.explanation)
        json.member("last_validated", entry.metadata?.lastConfirmed?.iso8601)
        json.member("created", entry.metadata?.created.iso8601)
        json.member("updated", entry.metadata?.updated.iso8601)
        json.member("expires", entry.metadata?.expires?.iso8601)
    }
}
