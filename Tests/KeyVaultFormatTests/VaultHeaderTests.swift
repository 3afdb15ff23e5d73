import KeyVaultFormat
import TestSupport
import Testing

import struct Foundation.Date

@Suite struct VaultHeaderTests {
    @Test func hasTheLayoutOfTheSpecification() throws {
        let bytes = try Samples.sealedHeader().encoded
        #expect(bytes.count == 56 + 2 * 32 + 176 + 32)
        #expect(bytes[..<8].hexadecimal == "4b56484401010000")
        #expect(Array(bytes[8..<24]) == Samples.vaultID.bytes)
        #expect(bytes[24..<32].hexadecimal == "0000000000000007")
        #expect(Array(bytes[32..<48]) == Samples.keyID.bytes)
        #expect(bytes[48..<56].hexadecimal == "0002000100000000")
        #expect(Array(bytes[56..<72]) == Samples.otherKeyID.bytes)
        #expect(bytes[72..<80].hexadecimal == "0200000000000000")
        #expect(bytes[104..<112].hexadecimal == "0100000000000000")
        #expect(VaultHeader.maximumLength == 6968)
    }

    @Test func decodingGivesBackWhatWasEncoded() throws {
        let sealed = try Samples.sealedHeader()
        let read = try StoredHeader(sealed.encoded)
        #expect(read == sealed)
        #expect(read.encoded == sealed.encoded)
        #expect(read.body == sealed.header.body)
        #expect(read.header.liveKeyIDs == [Samples.keyID])
    }

    @Test func theLargestHeaderFits() throws {
        let keys = (0..<64).map { index in
            VaultHeader.Key(
                id: MasterKeyID(trusted: [UInt8](repeating: UInt8(index), count: 16)), state: .live, added: Samples.time
            )
        }
        let header = VaultHeader(
            vaultID: Samples.vaultID, generation: UInt64(Int64.max), activeKeyID: keys[63].id, keys: keys,
            slots: try (0..<16).map { try Samples.slot(keys[$0].id) })
        let sealed = StoredHeader(header: header, codes: keys.map { _ in [UInt8](repeating: 1, count: 32) })
        #expect(sealed.encoded.count == VaultHeader.maximumLength)
        #expect(try StoredHeader(sealed.encoded) == sealed)
        #expect(throws: FormatError(.tooLarge, "", section: "")) { try StoredHeader(sealed.encoded + [0]) }
    }

    @Test func refusesEachFieldThatIsWrong() throws {
        func check(_ code: FormatError.Code, _ section: String, _ change: (inout [UInt8]) -> Void) throws {
            var bytes = try Samples.sealedHeader().encoded
            change(&bytes)
            let error = #expect(throws: FormatError.self) { try StoredHeader(bytes) }
            #expect(error?.code == code)
            #expect(error?.section == section)
        }
        try check(.badMagic, "5.1") { $0[3] ^= 1 }
        try check(.unsupportedVersion, "8") { $0[4] = 0 }
        try check(.unsupportedSuite, "3.1") { $0[5] = 0 }
        try check(.invalidField, "5.1") { $0[6] = 1 }
        try check(.invalidField, "5.1") { $0[31] = 0 }
        try check(.invalidField, "5.1") { $0[24] = 0x80 }
        try check(.invalidField, "5.2") { $0[32] ^= 1 }
        try check(.invalidField, "5.1") { $0[49] = 0 }
        try check(.invalidField, "5.1") { $0[49] = 65 }
        try check(.invalidField, "5.1") { $0[51] = 17 }
        try check(.invalidField, "5.1") { $0[52] = 1 }
        try check(.invalidField, "5.2") { $0[72] = 3 }
        try check(.invalidField, "5.2") { $0[72] = 0 }
        try check(.invalidField, "5.2") { $0[73] = 1 }
        try check(.invalidField, "5.2") { $0.replaceSubrange(80..<88, with: [UInt8](repeating: 0, count: 8)) }
        try check(.invalidField, "1") { $0[80] = 0xFF }
        try check(.invalidField, "5.2") { $0.replaceSubrange(56..<72, with: Samples.keyID.bytes) }
        try check(.invalidField, "5.2") { $0.replaceSubrange(32..<48, with: Samples.otherKeyID.bytes) }
        try check(.invalidField, "5.3") { $0.replaceSubrange(120..<136, with: Samples.otherKeyID.bytes) }
        try check(.invalidField, "5.3") { $0[136] = 2 }
        try check(.invalidField, "5.3") { $0[137] = 1 }
        try check(.truncated, "5.1") { $0.removeLast() }
        try check(.trailingBytes, "5.1") { $0.append(0) }
    }

    @Test func everyTruncationIsATypedError() throws {
        let bytes = try Samples.sealedHeader().encoded
        for count in bytes.indices {
            #expect(throws: FormatError(.truncated, "", section: "")) { try StoredHeader(Array(bytes[..<count])) }
        }
    }

    @Test func anyBytesGiveAValueOrATypedError() throws {
        var random = SplitMix64(seed: 5)
        let valid = try Samples.sealedHeader().encoded
        for _ in 0..<5000 {
            var bytes = valid
            for _ in 0...(random.next() % 3) {
                bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            if let header = try? StoredHeader(bytes) { #expect(header.encoded == bytes) }
        }
    }
}
