import KeyVault
import KeyVaultCrypto

/// The file that holds the shared pool's key.
enum PoolKeyFile {
    /// Reads the key without the white space around it; the file must be its owner's alone.
    static func read(_ path: String) throws(VaultError) -> Secret {
        let contents = try SecretFile.read(path, limit: Secret.maximumLength)
        let trimmed = try contents.withSpan { bytes throws(VaultError) in
            try VaultError.wrap { () throws(CryptoError) in
                try GuardedBytes(copying: bytes.extracting(KeyFormat.trimmed(bytes)))
            }
        }
        return try Secret(trimmed)
    }
}
