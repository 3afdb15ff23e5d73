import KeyVaultCrypto
import KeyVaultFormat

/// The keys, ids and other bytes that the vectors begin from: whatever a fixed sequence of numbers gives.
enum VectorKeys {
    static let masterKey = bytes(32, seed: 1)
    static let newMasterKey = bytes(32, seed: 2)
    static let oldMasterKey = bytes(32, seed: 3)
    static let vaultID = bytes(16, seed: 4)
    static let otherVaultID = bytes(16, seed: 5)

    static func bytes(_ count: Int, seed: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        var state = seed
        for _ in 0..<count {
            // Knuth's MMIX generator; its upper bits.
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            bytes.append(UInt8(truncatingIfNeeded: state >> 56))
        }
        return bytes
    }

    static func id(_ key: [UInt8]) throws -> [UInt8] { try MasterKey(copying: key.span).idBytes }
}

/// The steps of SPEC.md, taken one at a time with nothing but the keyed hash and the cipher.
enum Steps {
    static func hash(
        _ key: [UInt8], _ personalization: Personalization, _ parts: [UInt8]..., length: Int
    ) throws -> [UInt8] {
        var hash = try KeyedHash(
            key: GuardedBytes(copying: key.span), personalization: personalization, outputLength: length)
        for part in parts { hash.update(part.span) }
        return hash.finish()
    }

    static func encrypt(_ key: [UInt8], context: [UInt8], _ plaintext: [UInt8]) throws -> [UInt8] {
        try AES256GCM(key: GuardedBytes(copying: key.span)).seal(
            plaintext.span, nonce: .zero, associatedData: context.span)
    }

    static func decrypt(_ key: [UInt8], context: [UInt8], _ sealed: [UInt8]) throws(CryptoError) -> [UInt8] {
        var plaintext = [UInt8](repeating: 0, count: sealed.count - AES256GCM.tagLength)
        var span = plaintext.mutableSpan
        try AES256GCM(key: GuardedBytes(copying: key.span)).open(
            sealed.span, nonce: .zero, associatedData: context.span, into: &span)
        return plaintext
    }

    /// `wrap` of section 4.2.
    struct Wrap {
        let salt: [UInt8]
        let wrappingKey: [UInt8]
        let commitment: [UInt8]
        let wrapped: [UInt8]

        init(_ key: [UInt8], under master: [UInt8], context: [UInt8]) throws {
            salt = try hash(master, .salt, context, key, length: 32)
            let both = try hash(master, .wrap, salt, context, length: 64)
            wrappingKey = Array(both[..<32])
            commitment = Array(both[32...])
            wrapped = try encrypt(wrappingKey, context: context, key)
        }

        var fields: [(String, JSON)] {
            [
                ("salt", .bytes(salt)), ("kw", .bytes(wrappingKey)), ("commitment", .bytes(commitment)),
                ("wrapped_key", .bytes(wrapped)),
            ]
        }
    }

    /// `unwrap` of section 4.2.
    static func unwrap(
        under master: [UInt8], context: [UInt8], salt: [UInt8], commitment: [UInt8], wrapped: [UInt8]
    ) throws -> [UInt8] {
        let both = try hash(master, .wrap, salt, context, length: 64)
        guard Array(both[32...]) == commitment else { throw CryptoError.authenticationFailed }
        return try decrypt(Array(both[..<32]), context: context, wrapped)
    }
}
