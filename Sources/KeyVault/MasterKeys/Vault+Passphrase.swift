import KeyVaultCrypto
import KeyVaultFormat

extension Vault {
    /// Sets the passphrase that opens the vault, in the place of those that did before. No record is touched.
    ///
    /// A header of before still gives the master key for the old one: in copies of the store, and in a `FileStore` until it is
    /// compacted. Where somebody else may know it, rotate the master key afterwards.
    ///
    /// - Throws: ``VaultError`` `invalidArgument` for a passphrase of fewer than 8 bytes, `conflict` while a rotation has not ended:
    ///   keys that only the passphrases before lead to would be lost.
    public func setPassphrase(_ passphrase: Secret) async throws(VaultError) {
        try checkOpen()
        try await audited(.setPassphrase) { () async throws(VaultError) in
            let active = try keys.active
            let slot = try await PassphraseSlot.make(wrapping: active.key, under: passphrase, vault: id)
            try await updateHeader { header throws(VaultError) in
                guard header.activeKeyID == active.key.id else { throw .otherRotation(header.activeKeyID) }
                guard header.liveKeyIDs == [active.key.id] else {
                    throw VaultError(
                        .conflict, "A rotation of this vault's master key has not ended.",
                        hint: "Rotate to the active key again: where its rotation ends, it retires the others.")
                }
                header.slots = [slot]
                return true
            }
        }
    }

    /// Refuses a passphrase that does not open the vault: after a rotation it would be the only one that does.
    ///
    /// - Returns: what was looked at.
    func checkPassphrase(_ passphrase: Secret) async throws(VaultError) -> [PassphraseSlot] {
        // Another process may have set one since.
        try await liveKeys.refresh()
        let slots = keys.header.slots
        for slot in slots {
            if try await slot.unwrap(passphrase, vault: id) != nil { return slots }
        }
        guard slots.isEmpty else {
            throw VaultError(
                .wrongMasterKey, "Wrong passphrase for this vault; its master key was not rotated.",
                hint: "Give the one that opens it, or set another first.")
        }
        throw VaultError(
            .invalidArgument, "This vault does not open by a passphrase; its master key was not rotated.",
            hint: "Rotate it without one, and set a passphrase before or afterwards.")
    }
}
