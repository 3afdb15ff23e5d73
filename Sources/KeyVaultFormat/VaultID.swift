/// Names a vault: 16 random bytes, drawn at its creation and bound into everything it seals.
public struct VaultID: Hashable, Sendable, CustomStringConvertible {
    package static let length = 16

    package let bytes: [UInt8]

    package init(_ bytes: [UInt8]) throws(FormatError) {
        guard bytes.count == Self.length else {
            throw FormatError(.invalidField, "A vault id is 16 bytes long.", section: "5.1")
        }
        self.bytes = bytes
    }

    /// For 16 bytes that were just drawn.
    package init(trusted bytes: [UInt8]) {
        precondition(bytes.count == Self.length, "a vault id has this length")
        self.bytes = bytes
    }

    /// Reads the 32 hexadecimal digits that ``description`` gives.
    public init(_ text: String) throws(FormatError) {
        guard let bytes = [UInt8](hexadecimal: text) else {
            throw FormatError(.invalidField, "A vault id is 32 hexadecimal digits.", section: "5.1")
        }
        try self.init(bytes)
    }

    /// All 32 hexadecimal digits.
    public var description: String { bytes.hexadecimal }
}
