/// A 32-byte key wrapped under another, with a commitment (SPEC.md section 4.2).
///
/// The wrapping key is derived from a salt that is itself derived from the key inside, so it encrypts one thing only, no
/// matter how often or by whom the same key is wrapped: wrapping is deterministic.
package struct WrappedKey: Sendable {
    /// 32 bytes.
    package let salt: [UInt8]
    /// 32 bytes: what (salt, key above, context) hashes to beside the wrapping key.
    package let commitment: [UInt8]
    /// 48 bytes: the wrapped key and its tag.
    package let sealed: [UInt8]

    package init(salt: [UInt8], commitment: [UInt8], sealed: [UInt8]) {
        self.salt = salt
        self.commitment = commitment
        self.sealed = sealed
    }

    init(
        wrapping key: borrowing GuardedBytes, under master: borrowing GuardedBytes, context: Span<UInt8>
    ) throws(CryptoError) {
        var hash = try KeyedHash(key: master, personalization: .salt, outputLength: 32)
        hash.update(context)
        key.withSpan { hash.update($0) }
        let salt = hash.finish()

        let derived = try Self.derive(salt: salt.span, under: master, context: context)
        let commitment = derived.withSpan { [UInt8](copying: $0.extracting(droppingFirst: 32)) }
        let sealed = try derived.withSpan { derived throws(CryptoError) in
            let cipher = try AES256GCM(key: derived.extracting(first: AES256GCM.keyLength))
            return try key.withSpan { key throws(CryptoError) in
                try cipher.seal(key, nonce: .zero, associatedData: context)
            }
        }
        self.init(salt: salt, commitment: commitment, sealed: sealed)
    }

    /// The key inside.
    ///
    /// - Throws: as ``unwrap(salt:commitment:sealed:under:context:)``.
    func unwrap(under master: borrowing GuardedBytes, context: Span<UInt8>) throws(CryptoError) -> GuardedBytes {
        try Self.unwrap(
            salt: salt.span, commitment: commitment.span, sealed: sealed.span, under: master, context: context)
    }

    /// The key inside of the parts of a wrapped key, wherever they lie.
    ///
    /// - Throws: `authenticationFailed` for another key, another context or changed bytes; the commitment is compared
    ///   before anything is decrypted.
    static func unwrap(
        salt: Span<UInt8>, commitment: Span<UInt8>, sealed: Span<UInt8>, under master: borrowing GuardedBytes,
        context: Span<UInt8>
    ) throws(CryptoError) -> GuardedBytes {
        let derived = try derive(salt: salt, under: master, context: context)
        return try derived.withSpan { derived throws(CryptoError) in
            guard ConstantTime.equal(derived.extracting(droppingFirst: 32), commitment) else {
                throw .authenticationFailed
            }
            var key = try GuardedBytes(count: AES256GCM.keyLength)
            guard sealed.count == key.count + AES256GCM.tagLength else { throw .authenticationFailed }
            let cipher = try AES256GCM(key: derived.extracting(first: AES256GCM.keyLength))
            try key.withMutableSpan { key throws(CryptoError) in
                try cipher.open(sealed, nonce: .zero, associatedData: context, into: &key)
            }
            return key
        }
    }

    /// The wrapping key, 32 bytes, and the commitment, 32 bytes.
    private static func derive(
        salt: Span<UInt8>, under master: borrowing GuardedBytes, context: Span<UInt8>
    ) throws(CryptoError) -> GuardedBytes {
        var hash = try KeyedHash(key: master, personalization: .wrap, outputLength: 64)
        hash.update(salt)
        hash.update(context)
        return try hash.finishGuarded()
    }
}
