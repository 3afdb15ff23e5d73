import KeyVaultCrypto
import KeyVaultFormat

/// A sealed secret, or absence, on its way into the cache and to those who wait for it.
struct SealedSecret: Sendable {
    let bytes: [UInt8]
    let nonce: AESNonce
    /// Zero for a record that does not exist.
    let secretLength: Int
    let revision: UInt64
    let cipher: CipherReference

    func open(for id: RecordID) throws(CryptoError) -> CachedSecret {
        try cipher.withCipher { cipher throws(CryptoError) in
            try cipher.open(bytes.span, nonce: nonce, secretLength: secretLength, revision: revision, for: id)
        }
    }
}

/// An entry and its sealed bytes, copied out of the cache, so that they can be opened after the lock was given back.
struct SealedCopy: ~Copyable, Sendable {
    private let entry: CacheEntry
    /// The sealed bytes. They are no secret; guarded memory is what can be had without an allocation.
    private let bytes: GuardedBytes
    private let cipher: CipherReference

    init(_ entry: CacheEntry, _ bytes: consuming GuardedBytes, cipher: CipherReference) {
        self.entry = entry
        self.bytes = bytes
        self.cipher = cipher
    }

    func open(for id: RecordID) throws(CryptoError) -> CachedSecret {
        try bytes.withSpan { sealed throws(CryptoError) in try cipher.open(sealed, entry, for: id) }
    }

    /// The same for those who wait for it.
    func sealed() -> SealedSecret {
        SealedSecret(
            bytes: bytes.withSpan { span in span.indices.map { span[$0] } }, nonce: entry.nonce,
            secretLength: Int(entry.secretLength), revision: entry.revision, cipher: cipher)
    }
}

extension CipherReference {
    /// What was sealed for the record `id`; fails for any other.
    @inline(__always)
    func open(_ sealed: Span<UInt8>, _ entry: CacheEntry, for id: RecordID) throws(CryptoError) -> CachedSecret {
        try withCipher { cipher throws(CryptoError) in
            try cipher.open(
                sealed, nonce: entry.nonce, secretLength: Int(entry.secretLength), revision: entry.revision, for: id)
        }
    }
}
