/// A set of printable ASCII characters, written as in the brackets of a regular expression: `A-Za-z0-9_-`.
///
/// Space is not printable here; a `-` that stands for itself is written first or last.
public struct CharacterClass: Hashable, Sendable {
    /// One bit for each of the 128 bytes of ASCII.
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    /// `A-Za-z0-9`
    public static let alphanumeric = CharacterClass(ranges: ["A"..."Z", "a"..."z", "0"..."9"])
    /// `a-z0-9`
    public static let lowerAlphanumeric = CharacterClass(ranges: ["a"..."z", "0"..."9"])
    /// `a-f0-9`
    public static let hexadecimal = CharacterClass(ranges: ["a"..."f", "0"..."9"])
    /// `A-Za-z0-9_-`, the alphabet of base64url.
    public static let word = CharacterClass(ranges: ["A"..."Z", "a"..."z", "0"..."9", "_"..."_", "-"..."-"])
    /// ``word`` and the dot.
    public static let wordAndDot = CharacterClass(
        ranges: ["A"..."Z", "a"..."z", "0"..."9", "_"..."_", "-"..."-", "."..."."])

    /// Reads the notation above; `nil` where it is empty, names a range backwards or holds anything but printable ASCII.
    public init?(_ notation: some StringProtocol) {
        let bytes = Array(notation.utf8)
        guard !bytes.isEmpty, bytes.allSatisfy(Self.isPrintable) else { return nil }
        var index = 0
        while index < bytes.count {
            let isRange = index + 2 < bytes.count && bytes[index + 1] == UInt8(ascii: "-")
            let last = isRange ? bytes[index + 2] : bytes[index]
            guard bytes[index] <= last else { return nil }
            for byte in bytes[index]...last { insert(byte) }
            index += isRange ? 3 : 1
        }
    }

    private init(ranges: [ClosedRange<Unicode.Scalar>]) {
        for range in ranges {
            for value in range.lowerBound.value...range.upperBound.value { insert(UInt8(truncatingIfNeeded: value)) }
        }
    }

    /// The class of one character, in both of its cases.
    package init(caseInsensitive byte: UInt8) {
        insert(byte)
        let letter = byte | 0x20
        if (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(letter) {
            insert(letter)
            insert(letter & ~0x20)
        }
    }

    @inline(__always)
    package func contains(_ byte: UInt8) -> Bool {
        byte < 64 ? low >> UInt64(byte) & 1 == 1 : byte < 128 && high >> UInt64(byte - 64) & 1 == 1
    }

    @inline(__always)
    package static func isPrintable(_ byte: UInt8) -> Bool { 0x21 <= byte && byte <= 0x7E }

    private mutating func insert(_ byte: UInt8) {
        if byte < 64 { low |= 1 << UInt64(byte) } else if byte < 128 { high |= 1 << UInt64(byte - 64) }
    }
}

extension CharacterClass: CustomStringConvertible {
    /// The notation that ``init(_:)`` reads.
    public var description: String {
        let dash = UInt8(ascii: "-")
        var text: [UInt8] = []
        var byte: UInt8 = 0x21
        while byte <= 0x7E {
            guard contains(byte), byte != dash else {
                byte += 1
                continue
            }
            var last = byte
            while last < 0x7E, contains(last + 1), last + 1 != dash { last += 1 }
            text += last - byte > 1 ? [byte, dash, last] : Array(byte...last)
            byte = last + 1
        }
        return String(decoding: contains(dash) ? text + [dash] : text, as: UTF8.self)
    }
}
