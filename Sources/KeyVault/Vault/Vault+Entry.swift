public import KeyVaultFormat
import KeyVaultStorage

extension Vault {
    /// What a list says of `id`: for a record that does not open, too.
    ///
    /// - Throws: ``VaultError`` `notFound`, `store`, …
    public func entry(for id: RecordID) async throws(VaultError) -> ListEntry {
        do throws(VaultError) {
            let info = try await metadata(for: id)
            return ListEntry(id: id, revision: info.revision, metadata: info.metadata, damage: nil)
        } catch {
            guard error.code == .damagedRecord || error.code == .missingMasterKey else { throw error }
            let row = try await VaultError.wrap { () async throws(StoreError) in try await store.read(id) }
            guard let row else { throw .notFound(id) }
            return ListEntry(id: id, revision: row.revision, metadata: nil, damage: error.message)
        }
    }
}
