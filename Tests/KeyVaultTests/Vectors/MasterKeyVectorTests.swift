import KeyVaultCrypto
import KeyVaultFormat
import Testing

@Suite("Vectors: master keys") struct MasterKeyVectorTests {
    private let key = VectorKeys.masterKey
    private let hexadecimal = Array(VectorKeys.masterKey.hexadecimal.utf8)
    /// A key whose base64 has both of the characters that the URL-safe alphabet has not.
    private let base64Key = [UInt8](repeating: 0xFB, count: 16) + [UInt8](repeating: 0xFF, count: 16)
    private let base64 = Array("+/v7+/v7+/v7+/v7+/v7+/////////////////////8=".utf8)

    private var accepted: [(String, [UInt8], [UInt8])] {
        [
            ("raw", key, key),
            ("raw, which ends in a line break", key.dropLast() + [0x0A], key.dropLast() + [0x0A]),
            ("hexadecimal", hexadecimal, key),
            ("hexadecimal, upper case", Array(key.hexadecimal.uppercased().utf8), key),
            ("hexadecimal and a line break", hexadecimal + [0x0A], key),
            ("hexadecimal and CR LF", hexadecimal + [0x0D, 0x0A], key),
            ("base64", base64, base64Key),
            ("base64 without padding", base64.dropLast(), base64Key),
            ("base64 and a line break", base64 + [0x0A], base64Key),
            ("base64 without padding and CR LF", base64.dropLast() + [0x0D, 0x0A], base64Key),
        ]
    }

    private var refused: [(String, [UInt8])] {
        [
            ("empty", []),
            ("31 bytes", key.dropLast()),
            ("33 bytes", key + [1]),
            ("raw and a line break", key + [0x0A]),
            ("63 digits", hexadecimal.dropLast()),
            ("65 digits", hexadecimal + [0x30]),
            ("64 characters of which one is no digit", hexadecimal.dropLast() + [0x67]),
            ("hexadecimal and two line breaks", hexadecimal + [0x0A, 0x0A]),
            ("hexadecimal and a carriage return", hexadecimal + [0x0D]),
            ("hexadecimal and a space", hexadecimal + [0x20]),
            ("base64 of the URL-safe alphabet", base64.map { $0 == 0x2B ? 0x2D : $0 == 0x2F ? 0x5F : $0 }),
            ("base64 with bits that are not used", base64.dropLast(2) + [0x39, 0x3D]),
            ("base64 with a space", base64.dropLast(2) + [0x20, 0x3D]),
            ("base64 with two padding characters", base64.dropLast(2) + [0x3D, 0x3D]),
            ("all zero", [UInt8](repeating: 0, count: 32)),
            ("all the same, hexadecimal", [UInt8](repeating: 0x61, count: 64)),
            ("a typed password", Array("correct horse battery staple ok?".utf8)),
            ("a typed password, hexadecimal", Array("correct horse battery staple ok?".utf8.hexadecimal.utf8)),
        ]
    }

    @Test func match() throws {
        var acceptedCases: [VectorCase] = []
        for (name, file, expected) in accepted {
            let key = try MasterKey(copying: file.span)
            let bytes = key.withExposedBytes { bytes in bytes.indices.map { bytes[$0] } }
            #expect(bytes == expected, "\(name)")
            #expect(try Steps.hash(expected, .keyID, length: 16) == key.idBytes)
            acceptedCases.append(
                VectorCase(name, [("file", .bytes(file)), ("key", .bytes(bytes)), ("id", .bytes(key.idBytes))]))
        }
        var refusedCases: [VectorCase] = []
        for (name, file) in refused {
            let error = #expect(throws: CryptoError.self, "\(name)") {
                _ = try MasterKey(copying: file.span)
            }
            if case .invalidKey = error {} else { Issue.record("\(name): another error") }
            refusedCases.append(VectorCase(name, [("section", .text("3.3")), ("file", .bytes(file))]))
        }
        try VectorFile(name: "master-keys.json").check(
            "SPEC.md section 3.3", [("accepted", acceptedCases), ("refused", refusedCases)])
    }
}
