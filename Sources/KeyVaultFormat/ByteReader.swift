/// Takes fields off the front of untrusted bytes; every take is checked against what is left.
package struct ByteReader {
    private let bytes: [UInt8]
    private var position = 0
    /// The section of SPEC.md that the errors cite.
    package var section: StaticString

    package init(_ bytes: [UInt8], section: StaticString) {
        self.bytes = bytes
        self.section = section
    }

    package var remaining: Int { bytes.count - position }

    package mutating func bytes(_ count: Int) throws(FormatError) -> [UInt8] { Array(bytes[try take(count)]) }

    package mutating func skip(_ count: Int) throws(FormatError) { _ = try take(count) }

    package mutating func byte() throws(FormatError) -> UInt8 {
        let start = try take(1).lowerBound
        return bytes[start]
    }

    package mutating func uint16() throws(FormatError) -> UInt16 {
        let start = try take(2).lowerBound
        return bytes.span.uint16(at: start)
    }

    package mutating func uint32() throws(FormatError) -> UInt32 {
        let start = try take(4).lowerBound
        return bytes.span.uint32(at: start)
    }

    package mutating func uint64() throws(FormatError) -> UInt64 {
        let start = try take(8).lowerBound
        return bytes.span.uint64(at: start)
    }

    package mutating func expect(_ magic: [UInt8]) throws(FormatError) {
        let start = try take(magic.count).lowerBound
        guard magic.indices.allSatisfy({ bytes[start + $0] == magic[$0] }) else {
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
        guard try bytes[take(count)].allSatisfy({ $0 == 0 }) else {
            throw FormatError(.invalidField, "Reserved bytes must be zero.", section: section)
        }
    }

    package func expectEnd() throws(FormatError) {
        guard remaining == 0 else {
            throw FormatError(.trailingBytes, "\(remaining) bytes follow where the data must end.", section: section)
        }
    }

    private mutating func take(_ count: Int) throws(FormatError) -> Range<Int> {
        guard count >= 0, count <= remaining else {
            throw FormatError(.truncated, "The data ends in the middle of a field.", section: section)
        }
        defer { position += count }
        return position..<(position + count)
    }
}
