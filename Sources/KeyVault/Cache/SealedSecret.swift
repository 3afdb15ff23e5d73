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
        try SealedCopy(
            bytes: GuardedBytes(copying: bytes.span), nonce: nonce, secretLength: secretLength, revision: revision,
            cipher: cipher
        ).open(for: id)
    }
}

/// Sealed bytes that were copied out of the cache to where they can be opened.
struct SealedCopy: ~Copyable, Sendable {
    private var bytes: GuardedBytes
    private let nonce: AESNonce
    private let secretLength: Int
    private let revision: UInt64
    private let cipher: CipherReference

    @inline(__always)
    init(
        bytes: consuming GuardedBytes, nonce: AESNonce, secretLength: Int, revision: UInt64, cipher: CipherReference
    ) {
        self.bytes = bytes
        self.nonce = nonce
        self.secretLength = secretLength
        self.revision = revision
        self.cipher = cipher
    }

    /// Opens them where they are.
    @inline(__always)
    consuming func open(for id: RecordID) throws(CryptoError) -> CachedSecret {
        let (nonce, length, revision) = (nonce, secretLength, revision)
        var bytes = bytes
        try cipher.withCipher { cipher throws(CryptoError) in try cipher.open(&bytes, nonce: nonce, for: id) }
        return length == 0 ? .absent : .secret(SecretLease(bytes, secret: 0..<length, revision: revision))
    }
}
