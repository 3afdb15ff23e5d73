import KeyVaultCrypto
import KeyVaultFormat

extension Vault {
    /// Sets the passphrase that opens the vault, in the place of those that did before. No record is touched.
    ///
    /// - Throws: ``VaultError`` `invalidArgument` for a passphrase of fewer than 8 bytes.
    public func setPassphrase(_ passphrase: Secret) async throws(VaultError) {
        try checkOpen()
        try await audited(.rotate) { () async throws(VaultError) in
            let active = try keys.active
            let slot = try await PassphraseSlot.make(wrapping: active.key, under: passphrase, vault: id)
            try await updateHeader { header throws(VaultError) in
                guard header.activeKeyID == active.key.id else { throw .otherRotation(header.activeKeyID) }
                header.slots = [slot]
                return true
            }
        }
    }
}
