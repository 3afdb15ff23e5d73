import HTTPTypes
import Hummingbird
import KeyVault

// What the requests that manage keys have in common.
extension KeyVaultService {
    /// Refuses a provider that is not known, but for one whose key was stored elsewhere, or when it was known.
    func requireKnownOrStored(_ provider: String, of account: Account) async throws {
        guard configuration.providers[provider] == nil,
            try await AccountKeys.read(vault, tenant: account.tenant).entries(of: provider).isEmpty
        else { return }
        throw APIError.invalidRequest(
            "The provider is not known",
            hint: "Known are \(configuration.providers.names.joined(separator: ", ")).")
    }

    func recordID(_ account: Account, _ provider: String, label: String = RecordID.defaultLabel) throws -> RecordID {
        do {
            return try RecordID(tenant: account.tenant, provider: provider, label: label)
        } catch {
            throw APIError.invalidRequest("The name of a key cannot be used", hint: error.message)
        }
    }

    func displayName(_ provider: String) -> String { configuration.providers[provider]?.displayName ?? provider }

    /// What is stored, where the request depends on it: `nil` without an `If-Match`.
    ///
    /// - Throws: ``APIError`` 412 where it is not what the request expects.
    func expectedState(_ exchange: Exchange, of account: Account) async throws -> AccountKeys? {
        guard let expected = exchange.request.headers[.ifMatch] else { return nil }
        let keys = try await AccountKeys.read(vault, tenant: account.tenant)
        // A proxy that compresses makes the tag a weak one. It names what is stored, and no bytes: it is as good.
        let tags = expected.split(separator: ",").map { String($0.trimmingSpaces.trimmingPrefix("W/")) }
        guard tags.contains(keys.entityTag) || (tags == ["*"] && !keys.entries.isEmpty) else {
            throw APIError.preconditionFailed
        }
        return keys
    }
}
