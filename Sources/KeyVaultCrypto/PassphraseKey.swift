import CKeyVaultSodium

extension MasterKey {
    /// The costs of Argon2id that libsodium calls MODERATE: about 0.7 s and 256 MiB.
    package static let passphraseCost: (operations: UInt32, memory: UInt64) = (3, 268_435_456)

    /// The key that a passphrase stands for: Argon2id version 1.3 with one lane (SPEC.md section 5.3).
    ///
    /// It wraps a master key and never seals a record. Takes as long as its costs say, on the calling thread.
    ///
    /// - Parameters:
    ///   - salt: 16 bytes.
    ///   - operations: passes over the memory.
    ///   - memory: bytes; the caller has bounded both.
    /// - Throws: `outOfMemory` where the system has not so much to give.
    package init(
        passphrase: Span<UInt8>, salt: Span<UInt8>, operations: UInt32, memory: UInt64
    ) throws(CryptoError) {
        precondition(salt.count == 16, "a slot's salt has this length")
        var derived = try GuardedBytes(count: Self.length)
        let status = derived.withMutableSpan { derived in
            // Every buffer is passed with its own length; the salt has the 16 bytes that Argon2 reads.
            unsafe derived.withPointer { output, length in
                unsafe passphrase.withPointer { passphrase, passphraseLength in
                    unsafe salt.withPointer { salt, _ in
                        unsafe crypto_pwhash(
                            output, UInt64(length), UnsafeRawPointer(passphrase).assumingMemoryBound(to: CChar.self),
                            UInt64(passphraseLength), salt, UInt64(operations), Int(memory),
                            crypto_pwhash_ALG_ARGON2ID13)
                    }
                }
            }
        }
        guard status == 0 else { throw .outOfMemory }
        try self.init(derived)
    }

    /// Wraps another master key under this one, which was derived from a passphrase.
    package borrowing func wrap(_ other: borrowing MasterKey, context: Span<UInt8>) throws(CryptoError) -> WrappedKey {
        try WrappedKey(wrapping: other.bytes, under: bytes, context: context)
    }

    /// The master key inside of `wrapped`.
    package borrowing func unwrapMasterKey(
        _ wrapped: WrappedKey, context: Span<UInt8>
    ) throws(CryptoError) -> MasterKey {
        try MasterKey(wrapped.unwrap(under: bytes, context: context))
    }
}
