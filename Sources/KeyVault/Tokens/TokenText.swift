import KeyVaultCrypto
import KeyVaultFormat

/// A token as clients write it, `kvt_ID_SECRET`, taken apart.
///
/// The id is 16 hexadecimal digits and finds the record; the secret is 32 random bytes in base64url. The record holds a hash
/// that only the secret gives: a hash meant to be slow would add nothing, since 256 random bits cannot be guessed.
struct TokenText {
    static let prefix = "kvt_"
    private static let idDigits = 16
    private static let secretDigits = 43
    static let secretLength = 32
    private static let length = prefix.utf8.count + idDigits + 1 + secretDigits

    let id: String
    /// The hash that the record of this token holds.
    let verifier: [UInt8]

    /// `nil` for what cannot be a token.
    init?(_ text: String) throws(VaultError) {
        guard text.utf8.count == Self.length, text.hasPrefix(Self.prefix) else { return nil }
        let parts = text.utf8.dropFirst(Self.prefix.utf8.count)
        let id = parts.prefix(Self.idDigits)
        let rest = parts.dropFirst(Self.idDigits)
        guard id.allSatisfy(Self.isHexadecimal), rest.first == UInt8(ascii: "_") else { return nil }
        var secret = try VaultError.wrap { () throws(CryptoError) in try GuardedBytes(count: Self.secretLength) }
        // Of the text as it was handed in, which is the caller's to wipe.
        let digits = text.utf8.span.extracting(droppingFirst: Self.length - Self.secretDigits)
        guard secret.decode(digits, .base64URL) else { return nil }
        let name = String(Substring(id))
        verifier = try secret.withSpan { secret throws(VaultError) in try Self.verifier(of: secret, id: name) }
        self.id = name
    }

    /// A token of this id and secret, to be shown once.
    static func text(id: String, secret: Span<UInt8>) -> String {
        "\(prefix)\(id)_\(secret.base64URL)"
    }

    static func randomID() throws(CryptoError) -> String {
        try Random.bytes(idDigits / 2).hexadecimal
    }

    /// Keyed with the secret, so that nothing else gives the same; over the id, so that a hash moved to another record fits
    /// no token.
    static func verifier(of secret: Span<UInt8>, id: String) throws(VaultError) -> [UInt8] {
        try VaultError.wrap { () throws(CryptoError) in
            var hash = try KeyedHash(
                key: GuardedBytes(copying: secret), personalization: .token, outputLength: TokenRecord.verifierLength)
            hash.update(id.utf8.span)
            return hash.finish()
        }
    }

    /// Whether `text` may be a token's id.
    static func isID(_ text: String) -> Bool {
        text.utf8.count == idDigits && text.utf8.allSatisfy(isHexadecimal)
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
