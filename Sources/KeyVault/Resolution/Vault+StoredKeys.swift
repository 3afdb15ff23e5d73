import KeyVaultFormat
import KeyVaultStorage

extension Vault {
    /// What is known of a tenant's keys of some providers, without the keys.
    func storedKeys(of tenant: String, providers: [String]) async throws(VaultError) -> [StoredKey] {
        try checkOpen()
        guard !RecordID.isReserved(tenant: tenant) else { throw .reserved }
        let keys = try await directory.keys(of: tenant) { () async throws(VaultError) in
            try await readKeys(of: tenant)
        }
        return keys.filter { providers.contains($0.id.provider) }
    }

    private func readKeys(of tenant: String) async throws(VaultError) -> [StoredKey] {
        var keys: [StoredKey] = []
        try await forEachCurrentRow(of: tenant) { row throws(VaultError) in
            if let key = try await storedKey(row) { keys.append(key) }
        }
        return keys
    }

    /// `nil` where the key was deleted since it was listed.
    private func storedKey(_ row: StoredRecord) async throws(VaultError) -> StoredKey? {
        var key = StoredKey(id: row.id, revision: row.revision)
        do throws(VaultError) {
            guard let record = try await openListed(row) else { return nil }
            let metadata = record.metadata
            key.revision = record.key.revision
            (key.order, key.state, key.expires) = (metadata.order, metadata.state, metadata.expires)
        } catch {
            guard error.isOfUnreadableRecord else { throw error }
            if error.isOfUnopenedRecord {
                // It may well be served: whoever needs it finds out, once no other key of the tenant is left.
                key.isUnknown = true
            } else {
                key.refusal = .unreadable(row.id)
            }
        }
        return key
    }
}
