import KeyVaultCrypto
import KeyVaultFormat
import KeyVaultStorage
import Synchronization

extension PassphraseSlot {
    /// Wraps `key` under `passphrase`, at libsodium's MODERATE cost.
    static func make(
        wrapping key: borrowing MasterKey, under passphrase: Secret, vault: VaultID
    ) async throws(VaultError) -> PassphraseSlot {
        try PassphraseSource.checkLength(passphrase)
        let salt = try VaultError.wrap { () throws(CryptoError) in try Random.bytes(16) }
        let parameters: Parameters
        do {
            parameters = try Parameters(
                keyID: key.id, operations: MasterKey.passphraseCost.operations, memory: MasterKey.passphraseCost.memory,
                salt: salt)
        } catch { throw VaultError(error) }
        let derived = try await parameters.derive(passphrase)
        let context = Context.slot(parameters, vault: vault, suite: .aes256GCMBLAKE2b)
        let wrapped = try VaultError.wrap { () throws(CryptoError) in
            try derived.first.key.wrap(key, context: context.span)
        }
        return PassphraseSlot(
            parameters: parameters, salt: wrapped.salt, commitment: wrapped.commitment, wrappedKey: wrapped.sealed)
    }

    /// The master key inside; `nil` where the passphrase is another one, or the slot was changed.
    func unwrap(_ passphrase: Secret, vault: VaultID) async throws(VaultError) -> MasterKeyRing? {
        let derived = try await parameters.derive(passphrase)
        let context = Context.slot(parameters, vault: vault, suite: .aes256GCMBLAKE2b)
        let wrapped = WrappedKey(salt: salt, commitment: commitment, sealed: wrappedKey)
        do {
            let ring = MasterKeyRing(try derived.first.key.unwrapMasterKey(wrapped, context: context.span))
            return ring.first.key.id == parameters.keyID ? ring : nil
        } catch {
            guard error == .authenticationFailed else { throw VaultError(error) }
            return nil
        }
    }
}

extension PassphraseSlot.Parameters {
    /// The header, which nobody vouches for yet, says how much memory a run takes: one at a time.
    private static let turn = Mutex(())

    /// Runs Argon2id on a thread of its own: it keeps a processor busy for most of a second.
    fileprivate func derive(_ passphrase: Secret) async throws(VaultError) -> MasterKeyRing {
        do {
            return try await SystemThread.run(named: "KeyVault Argon2") { () throws(CryptoError) in
                // This thread may never do an envelope operation.
                defer { StackScrub.scrub() }
                return try Self.turn.withLock { _ throws(CryptoError) in
                    try passphrase.withSpan { passphrase throws(CryptoError) in
                        MasterKeyRing(
                            try MasterKey(
                                passphrase: passphrase, salt: salt.span, operations: operations, memory: memory))
                    }
                }
            }
        } catch { throw VaultError(error) }
    }
}
