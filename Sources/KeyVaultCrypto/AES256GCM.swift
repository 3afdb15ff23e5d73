import CKeyVaultSodium

/// AES-256-GCM under one key, whose schedule is expanded once and lies in guarded memory.
///
/// libsodium's one-shot calls in their `_detached` form leave the expanded key on the stack; the `_afternm` calls used here
/// read it from where we put it.
@usableFromInline package struct AES256GCM: ~Copyable, Sendable {
    package static let keyLength = 32
    @inlinable
    package static var tagLength: Int { 16 }

    private let schedule: GuardedBytes

    /// - Parameter key: 32 bytes.
    package init(key: borrowing GuardedBytes) throws(CryptoError) {
        self = try key.withSpan { key throws(CryptoError) in try AES256GCM(key: key) }
    }

    /// - Parameter key: 32 bytes in guarded memory.
    init(key: Span<UInt8>) throws(CryptoError) {
        precondition(key.count == Self.keyLength, "every key type has this length")
        schedule = try GuardedBytes(count: Self.stateLength)
        // Slots are aligned to at least 1024 bytes, the state needs 16; the key has 32 bytes.
        _ = unsafe key.withPointer { key, _ in unsafe crypto_aead_aes256gcm_beforenm(state, key) }
    }

    private static let stateLength = crypto_aead_aes256gcm_statebytes()

    var state: UnsafeMutablePointer<crypto_aead_aes256gcm_state> {
        // The slot has `crypto_aead_aes256gcm_statebytes()` bytes and holds nothing else.
        unsafe schedule.pointer().assumingMemoryBound(to: crypto_aead_aes256gcm_state.self)
    }

    /// Ciphertext and tag: 16 bytes more than the plaintext.
    package borrowing func seal(
        _ plaintext: Span<UInt8>, nonce: AESNonce, associatedData: Span<UInt8>
    ) throws(CryptoError) -> [UInt8] {
        try [UInt8](count: plaintext.count + Self.tagLength) { output throws(CryptoError) in
            try seal(plaintext, nonce: nonce, associatedData: associatedData, into: &output)
        }
    }

    /// Writes ciphertext and tag into `output`, which is 16 bytes longer than the plaintext.
    package borrowing func seal(
        _ plaintext: Span<UInt8>, nonce: AESNonce, associatedData: Span<UInt8>, into output: inout MutableSpan<UInt8>
    ) throws(CryptoError) {
        precondition(output.count == plaintext.count + Self.tagLength, "the caller sized the output")
        try GuardedArena.checkProcess()
        // Every buffer is passed with its own length, and libsodium writes exactly `output.count` bytes.
        unsafe output.withPointer { output, _ in
            unsafe plaintext.withPointer { plaintext, length in
                unsafe associatedData.withPointer { data, dataLength in
                    unsafe nonce.bytes.span.withPointer { nonce, _ in
                        _ = unsafe crypto_aead_aes256gcm_encrypt_afternm(
                            output, nil, plaintext, UInt64(length), data, UInt64(dataLength), nil, nonce, state)
                    }
                }
            }
        }
    }

    /// Writes the plaintext into `output`, which is 16 bytes shorter than `sealed`; on failure nothing of it.
    package borrowing func open(
        _ sealed: Span<UInt8>, nonce: AESNonce, associatedData: Span<UInt8>, into output: inout MutableSpan<UInt8>
    ) throws(CryptoError) {
        guard sealed.count >= Self.tagLength else { throw .authenticationFailed }
        precondition(output.count == sealed.count - Self.tagLength, "the caller sized the output")
        try GuardedArena.checkProcess()
        try decrypt(sealed, nonce, associatedData, into: &output)
    }

    /// The plaintext, which is 16 bytes shorter than `sealed`.
    package borrowing func open(
        _ sealed: Span<UInt8>, nonce: AESNonce, associatedData: Span<UInt8>
    ) throws(CryptoError) -> GuardedBytes {
        guard sealed.count >= Self.tagLength else { throw .authenticationFailed }
        // Which fails in a forked child, whose key is zeros.
        var opened = try GuardedBytes(count: sealed.count - Self.tagLength)
        try opened.withMutableSpan { output throws(CryptoError) in
            try decrypt(sealed, nonce, associatedData, into: &output)
        }
        return opened
    }

    private borrowing func decrypt(
        _ sealed: Span<UInt8>, _ nonce: AESNonce, _ associatedData: Span<UInt8>, into output: inout MutableSpan<UInt8>
    ) throws(CryptoError) {
        // Every buffer is passed with its own length; libsodium writes as many bytes as the plaintext has, for which both callers
        // made room.
        let status = unsafe output.withPointer { output, _ in
            unsafe sealed.withPointer { sealed, length in
                unsafe associatedData.withPointer { data, dataLength in
                    unsafe nonce.bytes.span.withPointer { nonce, _ in
                        unsafe crypto_aead_aes256gcm_decrypt_afternm(
                            output, nil, nil, sealed, UInt64(length), data, UInt64(dataLength), nonce, state)
                    }
                }
            }
        }
        guard status == 0 else { throw .authenticationFailed }
    }
}

/// The 96-bit nonce of AES-GCM.
package struct AESNonce: BitwiseCopyable, Sendable {
    package var bytes: InlineArray<12, UInt8>

    package init(_ bytes: InlineArray<12, UInt8>) { self.bytes = bytes }

    /// For a key that encrypts one thing (SPEC.md section 9.1).
    package static let zero = AESNonce(InlineArray(repeating: 0))
}
