import KeyVaultCrypto
import KeyVaultFormat
import KeyVaultStorage

extension Vault {
    /// Opens a row under the key that it names, as the record that was asked for.
    ///
    /// A key that is not held makes the vault read its header again and ask its source, once: another process may have begun
    /// a rotation.
    func open(_ row: StoredRecord, kind: RecordKind = .current) async throws(VaultError) -> OpenedRecord {
        let record: SealedRecord
        do { record = try SealedRecord(row.sealed) } catch { throw .damaged(row.id, cause: error) }
        var holder = keys.ring[record.keyID]
        if holder == nil, try await refreshKeys() { holder = keys.ring[record.keyID] }
        guard let holder else {
            guard keys.header.keys.contains(where: { $0.id == record.keyID }) else {
                throw .damaged(row.id, cause: nil)
            }
            throw .missing(record.keyID, in: keys.ring)
        }
        do throws(OpenFailure) {
            return try envelope.open(record, as: row.key, kind: kind, under: holder.key)
        } catch {
            switch error {
            case .crypto(.authenticationFailed): throw .damaged(row.id, cause: CryptoError.authenticationFailed)
            case .crypto(let error): throw VaultError(error)
            case .format(let error): throw .damaged(row.id, cause: error)
            }
        }
    }
}

extension VaultError {
    /// The record does not open. Wrong key, tampering and a moved record are not told apart.
    static func damaged(_ id: RecordID, cause: (any Error)?) -> VaultError {
        VaultError(
            .damagedRecord, "The record \(id) was changed, moved or damaged: it does not open.",
            hint: "Put the key again, restore a backup, or delete the record.", cause: cause)
    }

    /// No such record.
    static func notFound(_ id: RecordID) -> VaultError {
        VaultError(.notFound, "No key is stored for \(id).", hint: "Store one with 'keyvault put \(id)'.")
    }
}
