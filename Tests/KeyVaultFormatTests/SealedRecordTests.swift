import KeyVaultFormat
import TestSupport
import Testing

@Suite struct SealedRecordTests {
    @Test func hasTheLayoutOfTheSpecification() {
        let record = Samples.record()
        let bytes = record.encoded
        #expect(bytes.count == 140 + 144)
        #expect(bytes[..<24].hexadecimal == "4b56535201010000000102030405060708090a0b0c0d0e0f")
        #expect(bytes[24..<56].allSatisfy { $0 == 1 })
        #expect(bytes[SealedRecord.commitmentRange].allSatisfy { $0 == 2 })
        #expect(bytes[88..<136].allSatisfy { $0 == 3 })
        #expect(bytes[136..<140].hexadecimal == "00000090")
        #expect(SealedRecord.maximumLength == 65_820)
        #expect(SealedRecord.maximumCiphertextLength == 65_680)
    }

    @Test(arguments: [144, 272, SealedRecord.maximumCiphertextLength])
    func decodingGivesBackWhatWasEncoded(_ length: Int) throws {
        let record = Samples.record(ciphertext: length)
        let read = try SealedRecord(record.encoded)
        // Not in the expectation itself, which would compute how two large arrays differ.
        let isSame = read == record && read.encoded == record.encoded
        #expect(isSame)
    }

    @Test func refusesEachFieldThatIsWrong() {
        func check(_ code: FormatError.Code, _ section: String, _ change: (inout [UInt8]) -> Void) {
            var bytes = Samples.record().encoded
            change(&bytes)
            let error = #expect(throws: FormatError.self) { try SealedRecord(bytes) }
            #expect(error?.code == code)
            #expect(error?.section == section)
        }
        check(.badMagic, "4.1") { $0[0] ^= 1 }
        check(.unsupportedVersion, "8") { $0[4] = 2 }
        check(.unsupportedSuite, "3.1") { $0[5] = 2 }
        check(.invalidField, "4.1") { $0[6] = 1 }
        check(.invalidField, "4.1") { $0[7] = 1 }
        check(.invalidField, "4.1") { $0[139] = 16 }
        check(.invalidField, "4.1") { $0[139] = 145 }
        check(.invalidField, "4.1") { $0[136] = 0xFF }
        check(.truncated, "4.1") { $0.removeLast() }
        check(.trailingBytes, "4.1") { $0.append(0) }
        check(.tooLarge, "4.1") { $0 += [UInt8](repeating: 0, count: 65_821 - $0.count) }
    }

    @Test func everyTruncationIsATypedError() {
        let bytes = Samples.record().encoded
        for count in bytes.indices {
            #expect(throws: FormatError(.truncated, "", section: "")) { try SealedRecord(Array(bytes[..<count])) }
        }
    }

    @Test func anyBytesGiveAValueOrATypedError() {
        var random = SplitMix64(seed: 4)
        for _ in 0..<5000 {
            var bytes = Samples.record().encoded
            for _ in 0...(random.next() % 4) {
                bytes[Int(random.next() % 150)] = UInt8(truncatingIfNeeded: random.next())
            }
            // What parses is exactly what is written again.
            if let record = try? SealedRecord(bytes) { #expect(record.encoded == bytes) }
            _ = try? SealedRecord(random.bytes(Int(random.next() % 300)))
        }
    }
}
