/// The part of a key that may be shown, such as `sk-…AbCd`.
///
/// It is made once, when the key is written, and only of keys of at least 24 bytes whose ends are printable ASCII: 3 bytes of the
/// front, which say whose kind of key it is, and 4 of the end, which tell two keys apart. At least 17 bytes stay hidden.
public struct Hint: Hashable, Sendable, CustomStringConvertible {
    /// Shorter keys have no hint.
    public static let minimumSecretLength = 24
    package static let prefixLength = 3
    package static let suffixLength = 4

    static let length = prefixLength + suffixLength

    /// 7 bytes of printable ASCII as one number, big-endian, so that a hint needs no memory of its own.
    private let packed: UInt64

    /// The hint of `secret`, or `nil` where it is too short or its ends are not printable ASCII.
    package init?(of secret: Span<UInt8>) {
        guard secret.count >= Self.minimumSecretLength else { return nil }
        self.init { index in secret[index < Self.prefixLength ? index : secret.count - Self.length + index] }
    }

    package init?(_ bytes: Span<UInt8>) {
        guard bytes.count == Self.length else { return nil }
        self.init { bytes[$0] }
    }

    private init?(byte: (Int) -> UInt8) {
        var packed: UInt64 = 0
        for index in 0..<Self.length {
            guard (0x21...0x7E).contains(byte(index)) else { return nil }
            packed = packed << 8 | UInt64(byte(index))
        }
        self.packed = packed
    }

    /// One of the 7 bytes.
    subscript(index: Int) -> UInt8 { UInt8(truncatingIfNeeded: packed >> UInt64(8 * (Self.length - 1 - index))) }

    package var bytes: [UInt8] { (0..<Self.length).map { self[$0] } }

    public var description: String {
        let bytes = bytes
        let prefix = String(decoding: bytes.prefix(Self.prefixLength), as: UTF8.self)
        let suffix = String(decoding: bytes.suffix(Self.suffixLength), as: UTF8.self)
        return "\(prefix)…\(suffix)"
    }
}
