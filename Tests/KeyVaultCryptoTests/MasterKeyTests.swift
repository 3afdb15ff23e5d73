import KeyVaultCrypto
import Testing

@Suite struct MasterKeyTests {
    private func decode(_ text: [UInt8]) throws -> [UInt8] {
        let key = try MasterKey(copying: text.span)
        return key.withExposedBytes { bytes in bytes.indices.map { bytes[$0] } }
    }

    @Test func isNamedByAHashOfItself() throws {
        #expect(try Samples.master().idBytes == Samples.hexadecimal("f7225bbc7e16d3923312e80ab33ae150"))
        #expect(try MasterKey.random().idBytes != MasterKey.random().idBytes)
    }

    @Test(arguments: [0, 31, 33]) func has32Bytes(_ count: Int) {
        let bytes = Samples.counting(count)
        #expect(throws: CryptoError.invalidKey(.unknownEncoding)) { _ = try MasterKey(copying: bytes.span) }
    }

    // The encodings in full are in Tests/Vectors/master-keys.json.
    @Test func readsItsEncodings() throws {
        let key = Samples.keyBytes
        #expect(try decode(key) == key)
        let hexadecimal = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F"
        #expect(try decode(Array(hexadecimal.utf8)) == key)
        #expect(try decode(Array((hexadecimal + "\n").utf8)) == key)
        #expect(try decode(Array((hexadecimal + "\r\n").utf8)) == key)
        let base64 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
        #expect(try decode(Array((base64 + "=").utf8)) == key)
        #expect(try decode(Array(base64.utf8)) == key)
        #expect(try decode(Array((base64 + "\n").utf8)) == key)
    }

    @Test(arguments: [
        "", "\n", "\r\n", "0", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8!",
        "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1G",
        "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F\n\n",
    ]) func refusesOtherEncodings(_ text: String) {
        #expect(throws: CryptoError.invalidKey(.unknownEncoding)) { try decode(Array(text.utf8)) }
    }

    @Test func refusesWhatIsNotRandom() throws {
        let typed = Array("correct horse battery staple ok?".utf8)
        #expect(throws: CryptoError.invalidKey(.typedPassword)) { _ = try MasterKey(copying: typed.span) }
        #expect(throws: CryptoError.invalidKey(.typedPassword)) { try decode(typed) }
        // 31 characters, or 30, and the line break that `echo` adds.
        for end in ["\n", "\r\n"] {
            let line = Array(typed.prefix(32 - end.utf8.count)) + Array(end.utf8)
            #expect(throws: CryptoError.invalidKey(.typedPassword)) { _ = try MasterKey(copying: line.span) }
        }
        let zeros = [UInt8](repeating: 0, count: 32)
        #expect(throws: CryptoError.invalidKey(.constant)) { _ = try MasterKey(copying: zeros.span) }
        #expect(throws: CryptoError.invalidKey(.constant)) { try decode([UInt8](repeating: 0x30, count: 64)) }
        // One byte that nobody types is enough.
        _ = try decode(typed.dropLast() + [0x7F])
    }

    @Test func theHeaderCodeIsAKeyedHash() throws {
        let body = Samples.counting(300)
        #expect(
            try Samples.master().headerCode(body.span)
                == Samples.hexadecimal("049c33861693da6ebf278611ba2ee0643fe2176a445cfb43da4d5f847092a292"))
    }
}
