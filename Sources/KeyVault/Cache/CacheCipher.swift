import KeyVaultCrypto
import KeyVaultFormat
import KeyVaultStorage
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

/// A cipher of a ``CipherRing``, which keeps it alive; so that a hit need not count references on an object that all
/// processors share.
@safe struct CipherReference: @unchecked Sendable, Equatable {
    private let address: UnsafeMutablePointer<CacheCipher>

    fileprivate init(_ cipher: consuming CacheCipher) {
        unsafe address = .allocate(capacity: 1)
        // Fresh memory for one cipher.
        unsafe address.initialize(to: cipher)
    }

    /// Valid while the ring lives, and whoever has a reference is called by the cache that owns the ring.
    @inline(__always)
    func withCipher<Result: ~Copyable>(
        _ body: (borrowing CacheCipher) throws(CryptoError) -> Result
    ) throws(CryptoError) -> Result {
        try unsafe body(address.pointee)
    }

    fileprivate func destroy() {
        // Called once, when nobody is in a call of the cache any more.
        unsafe address.deinitialize(count: 1)
        unsafe address.deallocate()
    }

    static func == (left: CipherReference, right: CipherReference) -> Bool { unsafe left.address == right.address }
}

extension CipherReference: AtomicRepresentable {
    typealias AtomicRepresentation = UnsafeMutablePointer<CacheCipher>.AtomicRepresentation

    static func encodeAtomicRepresentation(_ value: consuming CipherReference) -> AtomicRepresentation {
        unsafe UnsafeMutablePointer.encodeAtomicRepresentation(value.address)
    }

    static func decodeAtomicRepresentation(_ value: consuming AtomicRepresentation) -> CipherReference {
        // Encoded above.
        unsafe CipherReference(UnsafeMutablePointer.decodeAtomicRepresentation(value))
    }

    private init(_ address: UnsafeMutablePointer<CacheCipher>) { unsafe self.address = address }
}

/// The ciphers of one cache: the one in use, and those before it, under which nothing is cached any more but which somebody
/// may be opening with right now. There is a new one every 2³² fills, so they are few.
struct CipherRing: ~Copyable, Sendable {
    private let ciphers = TracedMutex<[CipherReference]>([])

    /// Makes a new cipher.
    func renew() throws(CryptoError) -> CipherReference {
        let cipher = CipherReference(try CacheCipher())
        ciphers.withLock { $0.append(cipher) }
        return cipher
    }

    deinit {
        ciphers.withLock { for cipher in $0 { cipher.destroy() } }
    }
}
