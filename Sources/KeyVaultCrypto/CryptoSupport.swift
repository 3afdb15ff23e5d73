import CKeyVaultSodium

/// What this machine brings along for the cryptography.
public enum CryptoSupport {
    /// The version of libsodium, such as `1.0.18`.
    public static var libraryVersion: String {
        // A text of the library's own, which it never frees.
        unsafe String(cString: sodium_version_string())
    }

    /// Finds out whether keys can be computed with here.
    ///
    /// - Throws: `CryptoError` `hardwareUnavailable` where the processor lacks AES instructions, `libraryUnavailable`.
    public static func check() throws(CryptoError) { try Sodium.start() }
}
