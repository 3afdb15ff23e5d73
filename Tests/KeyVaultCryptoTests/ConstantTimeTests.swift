import KeyVaultCrypto
import Testing

@Suite struct ConstantTimeTests {
    private func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool { ConstantTime.equal(left.span, right.span) }

    @Test func comparesBytesAndLengths() {
        let bytes = Samples.counting(32)
        #expect(equal(bytes, Samples.counting(32)))
        for index in bytes.indices {
            var other = bytes
            other[index] ^= 0x80
            #expect(!equal(bytes, other))
        }
        #expect(!equal(bytes, Samples.counting(31)))
        #expect(equal([], []))
    }
}
