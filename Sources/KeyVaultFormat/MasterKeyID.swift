/// Names a master key without giving anything of it away: a keyed hash, 16 bytes (SPEC.md section 3.3).
public struct MasterKeyID: Hashable, Sendable, CustomStringConvertible {
    package static let length = 16

    /// The bytes as one number, big-endian: ids are compared on every read that misses the cache.
    let number: UInt128

    package init(_ reader: inout ByteReader) throws(FormatError) {
        number = UInt128(try reader.uint64()) << 64 | UInt128(try reader.uint64())
    }

    package init(_ bytes: [UInt8]) throws(FormatError) {
        guard bytes.count == Self.length else {
            throw FormatError(.invalidField, "A master-key id is 16 bytes long.", section: "3.3")
        }
        self.init(trusted: bytes)
    }

    /// For the 16 bytes that a key's own hash gave.
    package init(trusted bytes: [UInt8]) {
        precondition(bytes.count == Self.length, "the hash has this length")
        number = UInt128(bytes.span.uint64(at: 0)) << 64 | UInt128(bytes.span.uint64(at: 8))
    }

    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(bigEndian: number)
        return bytes
    }

    /// All 32 hexadecimal digits.
    public var description: String { bytes.hexadecimal }
    /// The first eight digits and an ellipsis, for messages to people.
    public var short: String { bytes.prefix(4).hexadecimal + "…" }
}
