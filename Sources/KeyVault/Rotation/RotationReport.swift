public import KeyVaultFormat

/// How far a rotation of the master key is, or has come.
public struct RotationReport: Sendable {
    /// What a rotation does to each row.
    public enum Mode: Sendable {
        /// Wraps the data keys anew; the ciphertexts are not touched.
        case rewrap
        /// Seals everything anew under fresh data keys: after the old master key was compromised. Rows that are on the new
        /// key already, moved there by a rewrap that was broken off, keep their data keys: name a fresh key instead.
        case reEncrypt
    }

    /// Rows looked at, retained revisions and the vault's own included.
    public internal(set) var records = 0
    /// Rows that are on the new key.
    public internal(set) var onActiveKey = 0
    /// Rows that this run moved to the new key (in a dry run: would move).
    public internal(set) var rewrapped = 0
    /// Rows whose data key does not unwrap, or where everything is sealed anew, that do not open; their
    /// ``VerifyReport/Damage/code`` says why. They are left as they are, and keep the old key from being retired. A rewrap looks at no
    /// ciphertext: ``Vault/verify(resuming:progress:)`` does.
    public internal(set) var failed: [VerifyReport.Damage] = []
    /// The keys that this run retired: no row is on them any more, and the header says so.
    public internal(set) var retired: [MasterKeyID] = []
}
