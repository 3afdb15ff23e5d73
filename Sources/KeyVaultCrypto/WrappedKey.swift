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
        salt = hash.finish()

        let derived = try Self.derive(salt: salt, under: master, context: context)
        commitment = derived.commitment
        let cipher = try AES256GCM(key: derived.wrappingKey)
        sealed = try key.withSpan { key throws(CryptoError) in
            try cipher.seal(key, nonce: .zero, associatedData: context)
        }
    }

    /// The key inside.
    ///
    /// - Throws: `authenticationFailed` for another key, another context or changed bytes; the commitment is compared
    ///   before anything is decrypted.
    func unwrap(under master: borrowing GuardedBytes, context: Span<UInt8>) throws(CryptoError) -> GuardedBytes {
        let derived = try Self.derive(salt: salt, under: master, context: context)
        guard ConstantTime.equal(derived.commitment.span, commitment.span) else { throw .authenticationFailed }
        var key = try GuardedBytes(count: AES256GCM.keyLength)
        guard sealed.count == key.count + AES256GCM.tagLength else { throw .authenticationFailed }
        let cipher = try AES256GCM(key: derived.wrappingKey)
        try key.withMutableSpan { key throws(CryptoError) in
            try cipher.open(sealed.span, nonce: .zero, associatedData: context, into: &key)
        }
        return key
    }

    private struct Derived: ~Copyable {
        let wrappingKey: GuardedBytes
        let commitment: [UInt8]
    }

    private static func derive(
        salt: [UInt8], under master: borrowing GuardedBytes, context: Span<UInt8>
    ) throws(CryptoError) -> Derived {
        var hash = try KeyedHash(key: master, personalization: .wrap, outputLength: 64)
        hash.update(salt.span)
        hash.update(context)
        let both = try hash.finishGuarded()
        return try both.withSpan { both throws(CryptoError) in
            var commitment: [UInt8] = []
            commitment.reserveCapacity(32)
            for index in 32..<64 { commitment.append(both[index]) }
            return Derived(wrappingKey: try GuardedBytes(copying: both.extracting(first: 32)), commitment: commitment)
        }
    }
}
