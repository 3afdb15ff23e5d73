import KeyVaultFormat
import Testing

@Suite struct VaultIDTests {
    @Test func is16BytesOr32Digits() throws {
        let id = try VaultID(Array(0..<16))
        #expect("\(id)" == "000102030405060708090a0b0c0d0e0f")
        #expect(try VaultID("\(id)") == id)
        #expect(VaultID(trusted: Array(0..<16)) == id)
        for text in ["", "00", String(repeating: "0", count: 34), String(repeating: "g", count: 32)] {
            #expect(throws: FormatError(.invalidField, "", section: "5.1")) { try VaultID(text) }
        }
    }
}
