/// The part of a key that may be shown, such as `sk-…AbCd`.
///
/// It is made once, when the key is written, and only of keys of at least 24 printable ASCII bytes: 3 of the front, which
/// say whose kind of key it is, and 4 of the end, which tell two keys apart. At least 17 bytes stay hidden.
public struct Hint: Hashable, Sendable, CustomStringConvertible {
    /// Shorter keys have no hint.
    public static let minimumSecretLength = 24
    package static let prefixLength = 3
    package static let suffixLength = 4

    /// 7 bytes of printable ASCII.
    package let bytes: [UInt8]

    /// The hint of `secret`, or `nil` where it is too short or its ends are not printable ASCII.
    package init?(of secret: Span<UInt8>) {
        guard secret.count >= Self.minimumSecretLength else { return nil }
        var bytes: [UInt8] = []
        for index in 0..<Self.prefixLength { bytes.append(secret[index]) }
        for index in (secret.count - Self.suffixLength)..<secret.count { bytes.append(secret[index]) }
        self.init(bytes)
    }

    package init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.prefixLength + Self.suffixLength,
            bytes.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        self.bytes = bytes
    }

    public var description: String {
        let prefix = String(decoding: bytes.prefix(Self.prefixLength), as: UTF8.self)
        let suffix = String(decoding: bytes.suffix(Self.suffixLength), as: UTF8.self)
        return "\(prefix)…\(suffix)"
    }
}
