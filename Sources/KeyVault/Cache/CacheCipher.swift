import KeyVaultCrypto
import KeyVaultFormat
import Synchronization

/// Seals and opens what a cache holds, under a key that exists nowhere else.
///
/// A nonce is a keyed hash of what is sealed: there is no counter that a cloned machine would repeat, and the same nonce
/// means the same bytes.
struct CacheCipher: ~Copyable {
    private let cipher: AES256GCM
    private let nonces: ShortHash
    private let fills: Atomic<UInt64>

    init() throws(CryptoError) {
        let cipher = try AES256GCM(key: GuardedBytes.random(count: AES256GCM.keyLength))
        nonces = try ShortHash()
        self.cipher = cipher
        fills = Atomic(0)
    }

    /// Counts one more sealing and says how many there have been.
    func countFill() -> UInt64 { fills.add(1, ordering: .relaxed).newValue }

    /// Seals `secret`, or the absence of one, for the record `id`.
    func seal(
        _ secret: Span<UInt8>, for id: RecordID
    ) throws(CryptoError) -> (sealed: [UInt8], nonce: AESNonce) {
        let name = id.encoded.span
        // The names are self-delimiting, so that no two pairs of id and plaintext give the same bytes to be hashed.
        var named = try GuardedBytes(count: name.count + CacheEntry.paddedLength(secret: secret.count))
        named.copy(name, to: 0)
        named.copy(secret, to: name.count)
        defer { StackScrub.scrub() }
        return try named.withSpan { named throws(CryptoError) in
            let hash = nonces.hash(named)
            let nonce = AESNonce(InlineArray { hash[$0] })
            let padded = named.extracting(droppingFirst: name.count)
            return (try cipher.seal(padded, nonce: nonce, associatedData: name), nonce)
        }
    }

    /// The secret, or the absence of one, that was sealed for the record `id`; fails for any other.
    ///
    /// - Parameters:
    ///   - secretLength: zero for an absence.
    ///   - revision: of the record.
    @inline(__always)
    func open(
        _ sealed: Span<UInt8>, nonce: AESNonce, secretLength: Int, revision: UInt64, for id: RecordID
    ) throws(CryptoError) -> CachedSecret {
        defer { StackScrub.scrubRegisters() }
        let opened = try cipher.open(sealed, nonce: nonce, associatedData: id.encoded.span)
        return secretLength == 0
            ? .absent : .secret(SecretLease(opened, secret: 0..<secretLength, revision: revision))
    }
}
