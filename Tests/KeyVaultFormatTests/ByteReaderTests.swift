import KeyVaultFormat
import Testing

@Suite struct ByteReaderTests {
    @Test func takesFieldsInOrder() throws {
        var reader = ByteReader(Array(1...15) + [0, 0], section: "0")
        #expect(try reader.byte() == 1)
        #expect(try reader.uint16() == 0x0203)
        #expect(try reader.uint32() == 0x0405_0607)
        #expect(try reader.uint64() == 0x0809_0A0B_0C0D_0E0F)
        #expect(reader.remaining == 2)
        try reader.expectZeros(2)
        try reader.expectEnd()
    }

    @Test func refusesWhatIsNotThere() {
        var reader = ByteReader([1], section: "4.1")
        let error = #expect(throws: FormatError.self) { try reader.uint16() }
        #expect(error?.code == .truncated)
        #expect(error?.section == "4.1")
        // What failed took nothing.
        #expect(reader.remaining == 1)
        #expect(throws: FormatError(.truncated, "", section: "")) { try reader.bytes(-1) }
        #expect(throws: FormatError(.trailingBytes, "", section: "")) { try reader.expectEnd() }
        #expect(throws: FormatError(.invalidField, "", section: "")) { try reader.expectZeros(1) }
    }

    @Test func refusesAnotherMagicAndVersion() throws {
        var reader = ByteReader(Array("KVXX".utf8) + [2], section: "5.1")
        #expect(throws: FormatError(.badMagic, "", section: "")) { try reader.expect(Array("KVHD".utf8)) }
        let error = #expect(throws: FormatError.self) { try reader.expectFormatVersion() }
        #expect(error?.code == .unsupportedVersion)
        #expect(error?.section == "8")
    }
}
