import KeyVaultCrypto
import KeyVaultStorage
import Synchronization

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
