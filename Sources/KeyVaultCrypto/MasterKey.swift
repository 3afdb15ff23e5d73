/// A vault's master key: 32 random bytes in guarded memory, wiped when the value ends.
///
/// It can be neither copied nor printed nor encoded. Hand it to the vault, which keeps it.
public struct MasterKey: ~Copyable, Sendable {
    /// The length of a master key, in bytes.
    public static let length = 32

    let bytes: GuardedBytes
    /// 16 bytes that name the key: BLAKE2b-128 of nothing under the key (SPEC.md section 3.3).
    package let idBytes: [UInt8]

    /// Takes over 32 bytes.
    package init(_ bytes: consuming GuardedBytes) throws(CryptoError) {
        precondition(bytes.count == Self.length, "every source checks the length")
        idBytes = try KeyedHash(key: bytes, personalization: .keyID, outputLength: 16).finish()
        self.bytes = bytes
    }

    /// A new key from the system's random generator.
    ///
    /// - Throws: `CryptoError` where no guarded memory or no hardware AES can be had.
    public static func random() throws(CryptoError) -> MasterKey { try MasterKey(.random(count: length)) }

    /// Runs `body` on the 32 bytes of the key: for writing a new key to where it is kept.
    package borrowing func withExposedBytes<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try bytes.withSpan(body)
    }

    static func refuseWeak(_ bytes: Span<UInt8>) throws(CryptoError) {
        // A line break may be what makes 32 bytes of what was typed.
        let textLength = bytes.count - bytes.lineBreakLength
        var (isPrintable, isConstant) = (true, true)
        for index in bytes.indices {
            if index < textLength, !(0x20...0x7E).contains(bytes[index]) { isPrintable = false }
            if bytes[index] != bytes[0] { isConstant = false }
        }
        // Random bytes are constant with probability 2^-248 and all printable with probability 10^-14.
        if isConstant { throw .invalidKey(.constant) }
        if isPrintable { throw .invalidKey(.typedPassword) }
    }
}

extension MasterKey {
    /// A fresh data key: the hash of random bytes, the record's context and the plaintext (SPEC.md section 4.2).
    ///
    /// Even with a failed random generator, two different plaintexts or contexts never share a data key.
    package borrowing func deriveDataKey(
        random: Span<UInt8>, context: Span<UInt8>, plaintext: Span<UInt8>
    ) throws(CryptoError) -> DataKey {
        var hash = try KeyedHash(key: bytes, personalization: .seed, outputLength: 32)
        hash.update(random)
        hash.update(context)
        hash.update(plaintext)
        return DataKey(try hash.finishGuarded())
    }

    /// Wraps a data key under this master key: what rotation does to a key that another master key wrapped.
    package borrowing func wrap(_ key: borrowing DataKey, context: Span<UInt8>) throws(CryptoError) -> WrappedKey {
        try WrappedKey(wrapping: key.bytes, under: bytes, context: context)
    }

    /// The data key inside of the parts of a ``WrappedKey``.
    ///
    /// - Throws: `authenticationFailed` for another key, another context or changed bytes.
    package borrowing func unwrap(
        salt: Span<UInt8>, commitment: Span<UInt8>, sealed: Span<UInt8>, context: Span<UInt8>
    ) throws(CryptoError) -> DataKey {
        DataKey(
            try WrappedKey.unwrap(salt: salt, commitment: commitment, sealed: sealed, under: bytes, context: context))
    }

    /// The code that authenticates a vault header: 32 bytes (SPEC.md section 5.1).
    package borrowing func headerCode(_ body: Span<UInt8>) throws(CryptoError) -> [UInt8] {
        var hash = try KeyedHash(key: bytes, personalization: .header, outputLength: 32)
        hash.update(body)
        return hash.finish()
    }
}
