/// Names a master key without giving anything of it away: a keyed hash, 16 bytes (SPEC.md section 3.3).
public struct MasterKeyID: Hashable, Sendable, CustomStringConvertible {
    package static let length = 16

    package let bytes: [UInt8]

    package init(_ bytes: [UInt8]) throws(FormatError) {
        guard bytes.count == Self.length else {
            throw FormatError(.invalidField, "A master-key id is 16 bytes long.", section: "3.3")
        }
        self.bytes = bytes
    }

    /// For the 16 bytes that a key's own hash gave.
    package init(trusted bytes: [UInt8]) {
        precondition(bytes.count == Self.length, "the hash has this length")
        self.bytes = bytes
    }

    /// All 32 hexadecimal digits.
    public var description: String { bytes.hexadecimal }
    /// The first eight digits and an ellipsis, for messages to people.
    public var short: String { bytes.prefix(4).hexadecimal + "…" }
}
