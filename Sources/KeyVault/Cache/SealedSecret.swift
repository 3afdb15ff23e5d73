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
        var opened = try GuardedBytes(copying: bytes.span)
        try cipher.withCipher { cipher throws(CryptoError) in try cipher.open(&opened, from: 0, nonce: nonce, for: id) }
        return secretLength == 0
            ? .absent : .secret(SecretLease(opened, secret: 0..<secretLength, revision: revision))
    }
}

/// An entry and its sealed bytes, copied out of the cache to where they can be opened.
struct SealedCopy: ~Copyable, Sendable {
    private var bytes: GuardedBytes
    private let cipher: CipherReference

    @inline(__always)
    init(_ bytes: consuming GuardedBytes, cipher: CipherReference) {
        self.bytes = bytes
        self.cipher = cipher
    }

    /// Opens them where they are.
    @inline(__always)
    consuming func open(for id: RecordID) throws(CryptoError) -> CachedSecret {
        var bytes = bytes
        let entry = CacheEntry(atStartOf: bytes)
        try cipher.withCipher { cipher throws(CryptoError) in
            try cipher.open(&bytes, from: CacheEntry.length, nonce: entry.nonce, for: id)
        }
        guard entry.secretLength > 0 else { return .absent }
        let secret = CacheEntry.length..<(CacheEntry.length + Int(entry.secretLength))
        return .secret(SecretLease(bytes, secret: secret, revision: entry.revision))
    }
}
