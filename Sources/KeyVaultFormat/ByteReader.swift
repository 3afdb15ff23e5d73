/// Takes fields off the front of untrusted bytes; every take is checked against what is left.
package struct ByteReader {
    private var rest: ArraySlice<UInt8>
    /// The section of SPEC.md that the errors cite.
    package var section: String

    package init(_ bytes: [UInt8], section: String) {
        rest = bytes[...]
        self.section = section
    }

    package var remaining: Int { rest.count }

    package mutating func bytes(_ count: Int) throws(FormatError) -> [UInt8] { Array(try take(count)) }

    package mutating func byte() throws(FormatError) -> UInt8 { try number() }
    package mutating func uint16() throws(FormatError) -> UInt16 { try number() }
    package mutating func uint32() throws(FormatError) -> UInt32 { try number() }
    package mutating func uint64() throws(FormatError) -> UInt64 { try number() }

    package mutating func expect(_ magic: [UInt8]) throws(FormatError) {
        guard try take(magic.count).elementsEqual(magic) else {
            throw FormatError(.badMagic, "The data does not begin as this structure does.", section: section)
        }
    }

    package mutating func expectFormatVersion() throws(FormatError) {
        let version = try byte()
        guard version == FormatVersion.current else {
            throw FormatError(
                .unsupportedVersion,
                "Format version \(version) is not known to this release. Open it with a later one.", section: "8")
        }
    }

    package mutating func expectZeros(_ count: Int) throws(FormatError) {
        guard try take(count).allSatisfy({ $0 == 0 }) else {
            throw FormatError(.invalidField, "Reserved bytes must be zero.", section: section)
        }
    }

    package func expectEnd() throws(FormatError) {
        guard rest.isEmpty else {
            throw FormatError(.trailingBytes, "\(rest.count) bytes follow where the data must end.", section: section)
        }
    }

    private mutating func number<Number: FixedWidthInteger & UnsignedInteger>() throws(FormatError) -> Number {
        var number: Number = 0
        for byte in try take(Number.bitWidth / 8) { number = number << 8 | Number(byte) }
        return number
    }

    private mutating func take(_ count: Int) throws(FormatError) -> ArraySlice<UInt8> {
        guard count >= 0, count <= rest.count else {
            throw FormatError(.truncated, "The data ends in the middle of a field.", section: section)
        }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }
}
