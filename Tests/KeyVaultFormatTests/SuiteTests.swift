import KeyVaultFormat
import Testing

@Suite struct SuiteTests {
    @Test func theListIsClosed() throws {
        for byte in UInt8.min...UInt8.max {
            if byte == 1 {
                #expect(try KeyVaultFormat.Suite(byte) == .aes256GCMBLAKE2b)
            } else {
                #expect(throws: FormatError(.unsupportedSuite, "", section: "3.1")) { try KeyVaultFormat.Suite(byte) }
            }
        }
    }
}
