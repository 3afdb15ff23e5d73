import KeyVaultFormat
import Testing

@Suite struct MasterKeyIDTests {
    @Test func is16Bytes() throws {
        let id = try MasterKeyID(Array(0..<16))
        #expect("\(id)" == "000102030405060708090a0b0c0d0e0f")
        #expect(id.short == "00010203…")
        #expect(id == MasterKeyID(trusted: Array(0..<16)))
        for count in [0, 15, 17] {
            #expect(throws: FormatError(.invalidField, "", section: "3.3")) {
                try MasterKeyID([UInt8](repeating: 0, count: count))
            }
        }
    }

    /// More than a word's is not kept everywhere by the compiler.
    @Test func anIDIsAlignedLikeAWord() {
        #expect(MemoryLayout<MasterKeyID>.alignment == MemoryLayout<UInt64>.alignment)
    }
}
