import CKeyVaultSodium

/// libsodium, started once for the process.
///
/// Everything that computes with a key begins by holding guarded memory, and making that calls ``start()``; there is no
/// other way in, so nothing can call AES before the library has looked at the processor.
enum Sodium {
    private static let outcome: Result<Void, CryptoError> = {
        guard sodium_init() >= 0 else { return .failure(.libraryUnavailable) }
        guard crypto_aead_aes256gcm_is_available() == 1 else { return .failure(.hardwareUnavailable) }
        return .success(())
    }()

    static func start() throws(CryptoError) { try outcome.get() }
}
