import KeyVaultFormat
import Testing

@Suite struct PassphraseSlotTests {
    private func read(_ bytes: [UInt8]) throws(FormatError) -> PassphraseSlot {
        var reader = ByteReader(bytes, section: "5.3")
        let slot = try PassphraseSlot(&reader)
        try reader.expectEnd()
        return slot
    }

    @Test func decodingGivesBackWhatWasEncoded() throws {
        let slot = try Samples.slot()
        #expect(slot.encoded.count == 176)
        #expect(slot.parameters.encoded.count == PassphraseSlot.Parameters.length)
        #expect(try read(slot.encoded) == slot)
        #expect(try read(slot.encoded).encoded == slot.encoded)
    }

    private static let least: UInt64 = 67_108_864
    private static let most: UInt64 = 4_294_967_296
    private static let taken: [(UInt32, UInt64)] = [(2, least), (64, most)]
    private static let refused: [(UInt32, UInt64)] = [
        (0, least), (1, least), (65, least), (.max, least), (2, 0), (2, least - 1024), (2, least + 1), (2, most + 1024),
        (2, .max),
    ]

    @Test(arguments: refused) func weakAndHugeParametersAreRefused(_ operations: UInt32, _ memory: UInt64) throws {
        #expect(throws: FormatError(.invalidField, "", section: "5.3")) {
            try PassphraseSlot.Parameters(
                keyID: Samples.keyID, operations: operations, memory: memory, salt: [UInt8](repeating: 0, count: 16))
        }
        var fields: [UInt8] = []
        fields.append(bigEndian: operations)
        fields.append(bigEndian: memory)
        var bytes = try Samples.slot().encoded
        bytes.replaceSubrange(20..<32, with: fields)
        #expect(throws: FormatError(.invalidField, "", section: "5.3")) { try read(bytes) }
    }

    @Test(arguments: taken) func theBoundsThemselvesAreTaken(_ operations: UInt32, _ memory: UInt64)
        throws
    {
        _ = try PassphraseSlot.Parameters(
            keyID: Samples.keyID, operations: operations, memory: memory, salt: [UInt8](repeating: 0, count: 16))
    }

    @Test func theSaltHas16Bytes() {
        #expect(throws: FormatError(.invalidField, "", section: "5.3")) {
            try PassphraseSlot.Parameters(
                keyID: Samples.keyID, operations: 2, memory: 64 << 20, salt: [UInt8](repeating: 0, count: 15))
        }
    }

    @Test func otherAlgorithmsAndReservedBytesAreRefused() throws {
        for offset in Array(16..<20) + Array(48..<64) {
            var bytes = try Samples.slot().encoded
            bytes[offset] ^= 2
            #expect(throws: FormatError(.invalidField, "", section: "5.3")) { try read(bytes) }
        }
        let bytes = try Samples.slot().encoded
        for count in bytes.indices {
            #expect(throws: FormatError(.truncated, "", section: "")) { try read(Array(bytes[..<count])) }
        }
    }
}
