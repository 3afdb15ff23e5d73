public import KeyVaultFormat

extension Vault {
    /// Asks the vault's source for the master keys again, and goes on with those that it gives.
    ///
    /// Call it before a rotation begins, so that the new key is held when it becomes the active one. A vault that meets a key
    /// which it does not hold asks by itself.
    ///
    /// - Returns: the keys that are held now.
    /// - Throws: ``VaultError`` `wrongMasterKey`, `missingMasterKey`, … as opening does. The vault then goes on with the keys
    ///   that it has.
    @discardableResult
    public func reloadMasterKeys() async throws(VaultError) -> [MasterKeyID] {
        try checkOpen()
        try await liveKeys.reload()
        return keys.ring.ids
    }
}
