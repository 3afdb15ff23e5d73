import CSodium

extension AES256GCM {
    /// Opens ciphertext and tag, which lie from `start` to the end, where they are: the plaintext takes the place of the
    /// ciphertext, and the tag stays behind it.
    ///
    /// libsodium checks the tag before it writes anything. On failure the bytes are useless.
    package borrowing func openInPlace(
        _ sealed: inout GuardedBytes, from start: Int, nonce: AESNonce, associatedData: Span<UInt8>
    ) throws(CryptoError) {
        let length = sealed.count - start
        guard start >= 0, length >= Self.tagLength else { throw .authenticationFailed }
        // No check for a fork: `sealed` was checked when it was taken, and a fork since then has wiped it, so that it does not
        // open. The plaintext is shorter than the `length` bytes that are there; the other buffers are passed with their lengths.
        let status = unsafe associatedData.withPointer { data, dataLength in
            unsafe nonce.bytes.span.withPointer { nonce, _ in
                let bytes = unsafe (sealed.pointer() + start).assumingMemoryBound(to: UInt8.self)
                return unsafe crypto_aead_aes256gcm_decrypt_afternm(
                    bytes, nil, nil, bytes, UInt64(length), data, UInt64(dataLength), nonce, state)
            }
        }
        guard status == 0 else { throw .authenticationFailed }
    }
}
