import KeyVaultFormat
import Testing

@Suite struct BytesTests {
    @Test func numbersAreBigEndian() {
        var bytes: [UInt8] = []
        bytes.append(bigEndian: UInt16(0x0102))
        bytes.append(bigEndian: UInt32(0x0304_0506))
        bytes.append(bigEndian: UInt64(0x0708_090A_0B0C_0D0E))
        #expect(bytes == Array(1...14))
    }

    @Test func hexadecimalRoundTrip() {
        let all = Array(UInt8.min...UInt8.max)
        #expect([UInt8](hexadecimal: all.hexadecimal) == all)
        #expect([UInt8](hexadecimal: all.hexadecimal.uppercased()) == all)
        #expect([UInt8](hexadecimal: "") == [])
    }

    @Test(arguments: ["0", "0g", "g0", "/0", ":0", "@0", "G0", "`0", "０0", " 00", "0x00"])
    func whatIsNoHexadecimalIsRefused(_ text: String) {
        #expect([UInt8](hexadecimal: text) == nil)
    }
}
