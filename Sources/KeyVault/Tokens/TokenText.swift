import Foundation
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
        guard id.allSatisfy(Self.isHexadecimal), rest.first == UInt8(ascii: "_"),
            let secret = Self.secret(rest.dropFirst())
        else { return nil }
        self.id = String(Substring(id))
        self.verifier = try Self.verifier(of: secret.span, id: self.id)
    }

    /// A token of this id and secret, to be shown once.
    static func text(id: String, secret: Span<UInt8>) -> String {
        var copy = Data()
        for index in secret.indices { copy.append(secret[index]) }
        let digits = copy.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing(
            "=", with: "")
        return "\(prefix)\(id)_\(digits)"
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

    /// The bytes that digits of base64url stand for; `nil` where one is none, or the last carries more bits than there are bytes.
    private static func secret(_ digits: Substring.UTF8View) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(secretLength)
        var (bits, count): (UInt32, Int) = (0, 0)
        for digit in digits {
            guard let value = value(ofDigit: digit) else { return nil }
            (bits, count) = (bits << 6 | value, count + 6)
            guard count >= 8 else { continue }
            count -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            bits &= (1 << UInt32(count)) - 1
        }
        return bits == 0 ? bytes : nil
    }

    private static func value(ofDigit digit: UInt8) -> UInt32? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
