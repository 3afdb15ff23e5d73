import Foundation
import KeyVault
import KeyVaultCrypto
import KeyVaultFormat
import Testing

/// Records that must not open: one for each rejection of SPEC.md sections 4.1 to 4.4.
struct RefusedRecords {
    private let request = RecordRequest { $0.revision = 5 }
    private let metadata = Metadata(
        created: Date(timeIntervalSince1970: 1_700_000_000), updated: Date(timeIntervalSince1970: 1_700_000_001),
        hint: Hint(Array("sk-AbCd".utf8).span))
    private let secret = Array("sk-0123456789012345AbCd".utf8) + Array("AbCd".utf8)

    private func plaintext(kind: RecordKind = .current) -> [UInt8] {
        SealedSteps.plaintext(metadata, kind: kind, secret: secret)
    }

    private func steps(_ request: RecordRequest, seed: UInt64 = 200) throws -> SealedSteps {
        try SealedSteps(request, random: VectorKeys.bytes(32, seed: seed), plaintext: plaintext(kind: request.kind))
    }

    func cases() throws -> [VectorCase] { try layout() + keys() + contexts() + plaintexts() }

    /// Section 4.1: refused while they are parsed.
    private func layout() throws -> [VectorCase] {
        let record = try steps(request).record
        var cases: [VectorCase] = []
        func add(_ name: String, section: String = "4.1", _ change: (inout [UInt8]) -> Void) throws {
            var bytes = record
            change(&bytes)
            cases.append(try refused(name, section: section, request, bytes, isFormat: true))
        }
        for length in [0, 3, 4, 5, 7, 8, 23, 24, 55, 56, 87, 88, 135, 136, 139, 140, record.count - 1] {
            try add("only \(length) bytes") { $0 = Array($0[..<length]) }
        }
        try add("a byte too many") { $0.append(0) }
        try add("longer than the longest record") { $0 += [UInt8](repeating: 0, count: 65_821 - $0.count) }
        try add("another magic") { $0[3] = 0x58 }
        try add("format version 0", section: "8") { $0[4] = 0 }
        try add("format version 2", section: "8") { $0[4] = 2 }
        try add("suite 0", section: "3.1") { $0[5] = 0 }
        try add("suite 2", section: "3.1") { $0[5] = 2 }
        try add("a flag, first byte") { $0[6] = 0x80 }
        try add("a flag, second byte") { $0[7] = 1 }
        for length: UInt32 in [0, 16, 143, 145, 65_681, 65_808, .max] {
            try add("ciphertext length \(length)") { bytes in
                var field: [UInt8] = []
                field.append(bigEndian: length)
                bytes.replaceSubrange(136..<140, with: field)
            }
        }
        try add("a ciphertext shorter than its length says") { $0[138] = 1 }
        return cases
    }

    /// Section 4.2: the wrong key, or changed bytes.
    private func keys() throws -> [VectorCase] {
        let record = try steps(request).record
        var cases: [VectorCase] = []
        for (name, offset) in [
            ("the key id", 8), ("the salt", 24), ("the salt, last bit", 55), ("the commitment", 56),
            ("the commitment, last bit", 87), ("the wrapped key", 88), ("the wrapped key's tag", 135),
            ("the ciphertext", 140), ("the ciphertext's tag", record.count - 1),
        ] {
            var bytes = record
            bytes[offset] ^= 1
            cases.append(try refused("one bit of \(name) changed", section: "4.2", request, bytes))
        }
        var other = request
        other.masterKey = VectorKeys.newMasterKey
        cases.append(try refused("another master key", section: "4.2", other, record))
        var relabelled = record
        relabelled.replaceSubrange(8..<24, with: try VectorKeys.id(other.masterKey))
        cases.append(try refused("another master key, and its id in the record", section: "4.2", other, relabelled))
        // Same length, same context but for what was random: only the data key differs.
        let second = try steps(request, seed: 201)
        cases.append(
            try refused(
                "the ciphertext of another sealing", section: "4.2", request, Array(record[..<140]) + second.ciphertext)
        )
        let rewrapped = try steps(request).rewrapped(to: other.masterKey).record
        cases.append(
            try refused(
                "rewrapped, with the salt and the commitment of before", section: "4.2", other,
                Array(rewrapped[..<24]) + Array(record[24..<88]) + Array(rewrapped[88...])))
        return cases
    }

    /// Sections 3.2 and 4.4: authentic records in the wrong place.
    private func contexts() throws -> [VectorCase] {
        let record = try steps(request).record
        var cases: [VectorCase] = []
        func add(_ name: String, section: String = "3.2", _ change: (inout RecordRequest) -> Void) throws {
            var asked = request
            change(&asked)
            cases.append(try refused(name, section: section, asked, record))
        }
        try add("moved to another tenant") { $0.tenant = "acmf" }
        try add("moved to another provider") { $0.provider = "openaj" }
        try add("moved to another label") { $0.label = "defaulu" }
        try add("moved to an earlier revision") { $0.revision = 4 }
        try add("moved to a later revision") { $0.revision = 6 }
        try add("moved to another vault") { $0.vaultID = VectorKeys.otherVaultID }
        try add("a letter moved from the tenant to the provider") {
            $0.tenant = "acm"
            $0.provider = "eopenai"
        }
        try add("a current row as a retained one", section: "4.4") { $0.kind = .retained }
        var retained = request
        retained.kind = .retained
        cases.append(
            try refused("a retained row as the current one", section: "4.4", request, steps(retained).record))
        var composed = request
        composed.tenant = "caf\u{E9}"
        var decomposed = request
        decomposed.tenant = "cafe\u{301}"
        cases.append(
            try refused("the same tenant in another normal form", section: "2", decomposed, steps(composed).record))
        return cases
    }

    /// Section 4.3: sealed by somebody who holds the key, and yet no plaintext.
    private func plaintexts() throws -> [VectorCase] {
        var cases: [VectorCase] = []
        func add(
            _ name: String, section: String = "4.3", kind: RecordKind = .current, _ change: (inout [UInt8]) -> Void
        ) throws {
            var asked = request
            asked.kind = kind
            var bytes = plaintext(kind: kind)
            change(&bytes)
            let record = try SealedSteps(asked, random: VectorKeys.bytes(32, seed: 202), plaintext: bytes).record
            cases.append(try refused("plaintext: \(name)", section: section, asked, record, isFormat: true))
        }
        try add("layout version 0") { $0[0] = 0 }
        try add("layout version 2") { $0[0] = 2 }
        try add("state 2") { $0[1] = 2 }
        try add("enabled with a reason") { $0[2] = 1 }
        try add("disabled without a reason") { $0[1] = 1 }
        try add("disabled for reason 4") {
            $0[1] = 1
            $0[2] = 4
        }
        try add("verdict 8") { $0[3] = 8 }
        try add("zero field, first byte") { $0[6] = 1 }
        try add("zero field, last byte") { $0[7] = 1 }
        try add("no secret") { $0[11] = 0 }
        try add("a secret longer than the plaintext") { $0[10] = 1 }
        try add("a secret beyond 65,536 bytes") { $0[9] = 2 }
        try add("a hint of 6 bytes") { $0[12] = 6 }
        try add("a hint of 11 bytes") { $0[12] = 11 }
        try add("a hint of length 0 with bytes") { $0[12] = 0 }
        try add("a space in the hint") { $0[13] = 0x20 }
        try add("DEL in the hint") { $0[19] = 0x7F }
        try add("a byte behind the hint") { $0[20] = 1 }
        try add("no time of creation") { $0.replaceSubrange(24..<32, with: [UInt8](repeating: 0, count: 8)) }
        try add("no time of change") { $0.replaceSubrange(32..<40, with: [UInt8](repeating: 0, count: 8)) }
        for (name, offset) in [("created", 24), ("updated", 32), ("validated", 40), ("expires", 48)] {
            try add("\(name) beyond the year 9999", section: "1") {
                $0.replaceSubrange(offset..<(offset + 8), with: Self.tooLate)
            }
        }
        try add("until beyond the year 9999", section: "1", kind: .retained) {
            $0.replaceSubrange(56..<64, with: Self.tooLate)
        }
        try add("enabled until a time") { $0[63] = 1 }
        try add("padding that is not zero") { $0[127] = 1 }
        try add("the first byte of the padding") { $0[64 + secret.count] = 0x80 }
        try add("a block of padding too many") { $0 += [UInt8](repeating: 0, count: 128) }
        return cases
    }

    /// 253402300800000, the first time that is too late.
    private static var tooLate: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(bigEndian: Timestamp.maximum + 1)
        return bytes
    }

    /// The case, after a look that the engine refuses it as it says.
    private func refused(
        _ name: String, section: String, _ request: RecordRequest, _ record: [UInt8], isFormat: Bool = false
    ) throws -> VectorCase {
        do {
            _ = try request.open(record)
            Issue.record("\(name): opened")
        } catch let error as FormatError {
            #expect(isFormat, "\(name)")
            #expect(error.section == section, "\(name)")
        } catch OpenFailure.format(let error) {
            #expect(isFormat, "\(name)")
            #expect(error.section == section, "\(name)")
        } catch OpenFailure.crypto(let error) {
            #expect(!isFormat, "\(name)")
            #expect(error == .authenticationFailed, "\(name)")
        }
        let verdict: [(String, JSON)] = [
            ("section", .text(section)), ("error", .text(isFormat ? "format" : "crypto")),
        ]
        return VectorCase(name, verdict + request.fields + [("record", .bytes(record))])
    }
}
