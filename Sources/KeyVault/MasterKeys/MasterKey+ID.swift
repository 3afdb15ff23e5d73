public import KeyVaultCrypto
public import KeyVaultFormat

extension MasterKey {
    /// Names the key without giving anything of it away.
    public var id: MasterKeyID { MasterKeyID(trusted: idBytes) }
}
