/// A sealed record as it is stored (SPEC.md section 4).
///
/// The fields are those of the specification, none of them secret. They lie where they were read: parsing checks the layout and
/// copies nothing.
public struct SealedRecord: Hashable, Sendable {
    package static let magic: [UInt8] = Array("KVSR".utf8)
    /// Bytes before the ciphertext.
    package static let prefixLength = 140
    /// The shortest ciphertext: one padding block and a tag.
    package static let minimumCiphertextLength = PlaintextLayout.blockLength + 16
    /// The longest ciphertext: the largest secret, padded, and a tag.
    package static let maximumCiphertextLength =
        PlaintextLayout.length(secret: PlaintextLayout.maximumSecretLength) + 16
    /// The longest sealed record.
    public static let maximumLength = prefixLength + maximumCiphertextLength
    package static let saltRange = 24..<56
    /// Where the commitment lies, for stores that compare it without parsing.
    public static let commitmentRange = 56..<88
    package static let wrappedKeyRange = 88..<136

    /// The stored bytes.
    public let encoded: [UInt8]
    public let suite: Suite
    /// The master key that wraps the data key.
    public let keyID: MasterKeyID

    /// 32 bytes.
    package var salt: [UInt8] { Array(encoded[Self.saltRange]) }
    /// 32 bytes.
    package var commitment: [UInt8] { Array(encoded[Self.commitmentRange]) }
    /// 48 bytes: the data key under the wrapping key, with its tag.
    package var wrappedKey: [UInt8] { Array(encoded[Self.wrappedKeyRange]) }
    /// The padded plaintext under the data key, with its tag.
    package var ciphertext: [UInt8] { Array(encoded[Self.prefixLength...]) }

    /// Puts the fields together, which have the lengths of the specification.
    package init(
        suite: Suite, keyID: MasterKeyID, salt: [UInt8], commitment: [UInt8], wrappedKey: [UInt8],
        ciphertext: Span<UInt8>
    ) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.prefixLength + ciphertext.count)
        bytes.append(Self.magic.span)
        bytes.append(FormatVersion.current)
        bytes.append(suite.rawValue)
        bytes.append(bigEndian: UInt16(0))
        keyID.append(to: &bytes)
        bytes.append(salt.span)
        bytes.append(commitment.span)
        bytes.append(wrappedKey.span)
        bytes.append(bigEndian: UInt32(ciphertext.count))
        bytes.append(ciphertext)
        encoded = bytes
        self.suite = suite
        self.keyID = keyID
    }

    /// Reads a sealed record.
    ///
    /// - Throws: `FormatError`. Nothing about a key is checked here: that is what opening does.
    public init(_ bytes: [UInt8]) throws(FormatError) {
        guard bytes.count <= Self.maximumLength else {
            throw FormatError(.tooLarge, "A sealed record is at most \(Self.maximumLength) bytes.", section: "4.1")
        }
        var reader = ByteReader(bytes, section: "4.1")
        try reader.expect(Self.magic)
        try reader.expectFormatVersion()
        suite = try Suite(reader.byte())
        guard try reader.uint16() == 0 else {
            throw FormatError(.invalidField, "The flags of a sealed record must be zero.", section: "4.1")
        }
        keyID = try MasterKeyID(&reader)
        try reader.skip(Self.wrappedKeyRange.upperBound - Self.saltRange.lowerBound)
        let length = Int(try reader.uint32())
        guard length >= Self.minimumCiphertextLength, length <= Self.maximumCiphertextLength,
            (length - 16) % PlaintextLayout.blockLength == 0
        else {
            throw FormatError(
                .invalidField, "The ciphertext's length must be a multiple of 128 and 16 more.", section: "4.1")
        }
        try reader.skip(length)
        try reader.expectEnd()
        encoded = bytes
    }
}
