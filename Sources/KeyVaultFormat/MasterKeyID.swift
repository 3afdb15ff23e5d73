/// Names a master key without giving anything of it away: a keyed hash, 16 bytes (SPEC.md section 3.3).
public struct MasterKeyID: Hashable, Sendable, CustomStringConvertible {
    package static let length = 16

    /// The bytes as two numbers, big-endian: ids are compared on every read that misses the cache.
    ///
    /// Not as one `UInt128`: Swift 6.3 crashed where a task's closure passed one, aligned to 16, to an asynchronous function.
    private let halves: (UInt64, UInt64)

    package init(_ reader: inout ByteReader) throws(FormatError) {
        halves = (try reader.uint64(), try reader.uint64())
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
        halves = (bytes.span.uint64(at: 0), bytes.span.uint64(at: 8))
    }

    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return bytes
    }

    func append(to bytes: inout [UInt8]) {
        bytes.append(bigEndian: halves.0)
        bytes.append(bigEndian: halves.1)
    }

    public static func == (one: MasterKeyID, other: MasterKeyID) -> Bool { one.halves == other.halves }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(halves.0)
        hasher.combine(halves.1)
    }

    /// All 32 hexadecimal digits.
    public var description: String { bytes.hexadecimal }
    /// The first eight digits and an ellipsis, for messages to people.
    public var short: String { bytes.prefix(4).hexadecimal + "…" }
}
