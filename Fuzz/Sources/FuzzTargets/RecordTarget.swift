import KeyVaultFormat

/// The sealed record: what is accepted is what its encoding gives back.
struct RecordTarget: FuzzTarget {
    let name = "record"
    private static let prefixLength = 140

    var seeds: [[UInt8]] { get throws { [try EnvelopeTarget.sealed().encoded] } }

    func run(_ input: [UInt8]) throws {
        guard let record = try? SealedRecord(input) else { return }
        try Finding.require(record.encoded == input, "the encoding is not what was read")
        try Finding.require(Array(input[SealedRecord.commitmentRange]) == record.commitment, "another commitment")
    }

    /// Makes the length of the ciphertext that of the rest, cut to what a ciphertext may have.
    func repair(_ input: inout [UInt8]) {
        guard input.count >= Self.prefixLength + SealedRecord.minimumCiphertextLength else { return }
        let surplus = (input.count - Self.prefixLength - SealedRecord.minimumCiphertextLength) % 128
        input.removeLast(surplus)
        input.setUInt32(UInt32(input.count - Self.prefixLength), at: Self.prefixLength - 4)
    }
}
