/// The key of one record: it encrypts one plaintext, once, under the zero nonce (SPEC.md section 9.1).
package struct DataKey: ~Copyable, Sendable {
    let bytes: GuardedBytes

    /// Takes over 32 bytes.
    init(_ bytes: consuming GuardedBytes) {
        precondition(bytes.count == AES256GCM.keyLength, "derivation and unwrapping give this length")
        self.bytes = bytes
    }

    /// Encrypts the one plaintext of this key, and gives the key up: nothing else can be sealed under it. Wrap it first.
    ///
    /// - Returns: ciphertext and tag, 16 bytes more than the plaintext.
    package consuming func seal(
        _ plaintext: Span<UInt8>, associatedData: Span<UInt8>
    ) throws(CryptoError) -> [UInt8] {
        try AES256GCM(key: bytes).seal(plaintext, nonce: .zero, associatedData: associatedData)
    }

    /// Decrypts the one ciphertext of this key into `output`.
    package borrowing func open(
        _ ciphertext: Span<UInt8>, associatedData: Span<UInt8>, into output: inout MutableSpan<UInt8>
    ) throws(CryptoError) {
        try AES256GCM(key: bytes).open(ciphertext, nonce: .zero, associatedData: associatedData, into: &output)
    }
}
