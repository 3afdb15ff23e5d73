import Foundation
import KeyVaultCrypto
import Testing

/// One case of somebody else's test vectors for AES-256-GCM with a 96-bit nonce and a 128-bit tag.
struct AEADVector {
    var name = ""
    var key: [UInt8] = []
    var nonce: [UInt8] = []
    var associatedData: [UInt8] = []
    /// `nil` where the case must be refused.
    var plaintext: [UInt8]?
    var ciphertext: [UInt8] = []
    var tag: [UInt8] = []

    /// Runs the case through our own cipher; says whether it did what it must.
    func holds() throws -> Bool {
        guard key.count == 32, nonce.count == 12, tag.count == 16 else { return false }
        let cipher = try AES256GCM(key: Samples.guarded(key))
        let nonce = AESNonce(InlineArray { self.nonce[$0] })
        let sealed = ciphertext + tag
        var opened = [UInt8](repeating: 0xAA, count: ciphertext.count)
        var span = opened.mutableSpan
        do {
            try cipher.open(sealed.span, nonce: nonce, associatedData: associatedData.span, into: &span)
        } catch {
            return plaintext == nil && error == .authenticationFailed && opened.allSatisfy { $0 == 0 }
        }
        guard let plaintext, opened == plaintext else { return false }
        return try cipher.seal(plaintext.span, nonce: nonce, associatedData: associatedData.span) == sealed
    }
}

@Suite struct AEADVectorTests {
    private static let nistFolder = ProcessInfo.processInfo.environment["KEYVAULT_NIST_VECTORS"]
    private static let wycheproofFile = ProcessInfo.processInfo.environment["KEYVAULT_WYCHEPROOF"]

    @Test(
        .enabled(if: nistFolder != nil, "KEYVAULT_NIST_VECTORS names no folder with NIST's gcmDecrypt256.rsp"),
        arguments: ["gcmEncryptExtIV256.rsp", "gcmDecrypt256.rsp"])
    func nist(_ file: String) throws {
        let text = try String(contentsOfFile: "\(Self.nistFolder ?? "")/\(file)", encoding: .utf8)
        let vectors = NISTResponse(text).vectors
        #expect(vectors.count == 375)
        for vector in vectors { #expect(try vector.holds(), "\(file): \(vector.name)") }
    }

    @Test(.enabled(if: wycheproofFile != nil, "KEYVAULT_WYCHEPROOF names no file aes_gcm_test.json of Wycheproof"))
    func wycheproof() throws {
        let data = try Data(contentsOf: URL(filePath: Self.wycheproofFile ?? ""))
        let vectors = try JSONDecoder().decode(WycheproofFile.self, from: data).vectors
        #expect(vectors.count == 66)
        #expect(vectors.contains { $0.plaintext == nil })
        for vector in vectors { #expect(try vector.holds(), "\(vector.name)") }
    }
}

/// NIST's text format: groups with their lengths in brackets, cases of `Name = hexadecimal` lines, `FAIL` for a refusal.
private struct NISTResponse {
    private(set) var vectors: [AEADVector] = []

    init(_ text: String) {
        var lengths: [Substring: Substring] = [:]
        var vector: AEADVector?
        for line in text.split(whereSeparator: \.isNewline) {
            if line.first == "[" {
                finish(&vector)
                let parts = line.dropFirst().dropLast().split(separator: " ")
                if parts.count == 3 { lengths[parts[0]] = parts[2] }
                continue
            }
            let isWanted = lengths["Keylen"] == "256" && lengths["IVlen"] == "96" && lengths["Taglen"] == "128"
            if line == "FAIL" { vector?.plaintext = nil }
            let parts = line.split(separator: " ", omittingEmptySubsequences: true)
            guard parts.count >= 2, parts[1] == "=" else { continue }
            let value = parts.count > 2 ? Samples.hexadecimal(parts[2]) : []
            switch parts[0] {
            case "Count":
                finish(&vector)
                if isWanted { vector = AEADVector(name: "\(lengths) \(line)", plaintext: []) }
            case "Key": vector?.key = value
            case "IV": vector?.nonce = value
            case "AAD": vector?.associatedData = value
            case "CT": vector?.ciphertext = value
            case "Tag": vector?.tag = value
            case "PT": vector?.plaintext = value
            default: continue
            }
        }
        finish(&vector)
    }

    private mutating func finish(_ vector: inout AEADVector?) {
        if let vector { vectors.append(vector) }
        vector = nil
    }
}

/// The part of Wycheproof's format that is used here.
private struct WycheproofFile: Decodable {
    let testGroups: [Group]

    struct Group: Decodable {
        let keySize: Int
        let ivSize: Int
        let tagSize: Int
        let tests: [Case]
    }

    struct Case: Decodable {
        let tcId: Int
        let key: String
        let iv: String
        let aad: String
        let msg: String
        let ct: String
        let tag: String
        let result: String
    }

    var vectors: [AEADVector] {
        testGroups.filter { $0.keySize == 256 && $0.ivSize == 96 && $0.tagSize == 128 }.flatMap(\.tests).map { test in
            AEADVector(
                name: "case \(test.tcId)", key: Samples.hexadecimal(test.key), nonce: Samples.hexadecimal(test.iv),
                associatedData: Samples.hexadecimal(test.aad),
                plaintext: test.result == "valid" ? Samples.hexadecimal(test.msg) : nil,
                ciphertext: Samples.hexadecimal(test.ct), tag: Samples.hexadecimal(test.tag))
        }
    }
}
