import CSodium

extension AES256GCM {
    /// Opens ciphertext and tag where they are: the plaintext takes the place of the ciphertext, and the tag stays behind it.
    ///
    /// libsodium checks the tag before it writes anything. On failure the bytes are useless.
    package borrowing func openInPlace(
        _ sealed: inout GuardedBytes, nonce: AESNonce, associatedData: Span<UInt8>
    ) throws(CryptoError) {
        guard sealed.count >= Self.tagLength else { throw .authenticationFailed }
        // No check for a fork: `sealed` was checked when it was taken, and a fork since then has wiped it, so that it does not
        // open. The plaintext is shorter than the `count` bytes that are there; the other buffers are passed with their lengths.
        let status = unsafe associatedData.withPointer { data, dataLength in
            unsafe nonce.bytes.span.withPointer { nonce, _ in
                let bytes = unsafe sealed.pointer().assumingMemoryBound(to: UInt8.self)
                return unsafe crypto_aead_aes256gcm_decrypt_afternm(
                    bytes, nil, nil, bytes, UInt64(sealed.count), data, UInt64(dataLength), nonce, state)
            }
        }
        guard status == 0 else { throw .authenticationFailed }
    }
}
