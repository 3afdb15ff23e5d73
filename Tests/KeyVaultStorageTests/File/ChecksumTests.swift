import KeyVaultFormat
import Testing

@testable import KeyVaultStorage

@Suite struct CRC32CTests {
    /// RFC 3720 section B.4.
    @Test func vectors() {
        #expect(CRC32C.of([UInt8](repeating: 0, count: 32).span) == 0x8A91_36AA)
        #expect(CRC32C.of([UInt8](repeating: 0xFF, count: 32).span) == 0x62A8_AB43)
        #expect(CRC32C.of([UInt8](0..<32).span) == 0x46DD_794E)
        #expect(CRC32C.of([UInt8](0..<32).reversed().span) == 0x113F_DB5C)
        #expect(CRC32C.of(Array("123456789".utf8).span) == 0xE306_9283)
    }

    @Test func theTablesAgreeWithTheInstruction() {
        let bytes = (0..<200).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        for length in 0...bytes.count {
            let part = bytes.span.extracting(0..<length)
            var fromTable = CRC32C()
            fromTable.updateFromTable(part)
            #expect(fromTable.value == CRC32C.of(part))
        }
    }

}

@Suite struct SipHashTests {
    /// The example of SPEC.md section 7.2.7.
    @Test func theHashOfARecord() throws {
        let id = try RecordID(tenant: "acme", provider: "openai", label: "default")
        #expect(SipHash(key: [UInt8](0..<16)).hash(id.encoded.span) == 0xE3B9_B8E9_BE53_DCE3)
    }

    /// From CPython, which hashes bytes with SipHash-1-3, under a key of zeros: `PYTHONHASHSEED=0 python3 -c
    /// "print(hex(hash(b'abc') & (2**64 - 1)))"`.
    @Test(arguments: [
        ("a", UInt64(0x4074_48D2_B89B_1813)), ("abc", 0xC03B_C3A0_0426_30F2), ("abcdefgh", 0x3F7B_849C_0B8E_35EA),
        ("abcdefghijklmnop", 0x94F6_0D3D_29E6_A312),
    ])
    func vectors(_ text: String, _ expected: UInt64) {
        #expect(SipHash(key: [UInt8](repeating: 0, count: 16)).hash(Array(text.utf8).span) == expected)
    }
}
