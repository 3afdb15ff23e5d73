import Foundation
import KeyVaultFormat
import TestSupport
import Testing

@Suite struct PlaintextLayoutTests {
    private let metadata = Metadata(
        created: Samples.time, updated: Samples.time + 1, lastValidated: Samples.time + 2, verdict: .restricted,
        state: .disabled(.coolingDown, until: Samples.time + 3), order: 0x0102, expires: Samples.time + 4,
        hint: Hint(Array("sk-AbCd".utf8).span))

    private func encode(_ metadata: Metadata, kind: RecordKind = .current, secret: [UInt8]) -> [UInt8] {
        // Filled, so that a byte that is not written shows.
        var output = [UInt8](repeating: 0xAA, count: PlaintextLayout.length(secret: secret.count))
        var span = output.mutableSpan
        PlaintextLayout.encode(metadata, kind: kind, secret: secret.span, into: &span)
        return output
    }

    @Test func hasTheLayoutOfTheSpecification() {
        let plaintext = encode(metadata, secret: [1, 2, 3])
        #expect(plaintext[..<12].hexadecimal == "010103020102000000000003")
        #expect(plaintext[12..<24].hexadecimal == "07" + "sk-AbCd".utf8.hexadecimal + "00000000")
        var times: [UInt8] = []
        for offset: UInt64 in [0, 1000, 2000, 4000, 3000] { times.append(bigEndian: 1_700_000_000_123 + offset) }
        #expect(Array(plaintext[24..<64]) == times)
        #expect(Array(plaintext[64..<67]) == [1, 2, 3])
        #expect(plaintext[67...].allSatisfy { $0 == 0 })
        #expect(plaintext.count == 128)
    }

    @Test(arguments: [(1, 128), (64, 128), (65, 256), (192, 256), (193, 384), (65_536, 65_664)])
    func lengthsGrowInStepsOf128(_ secret: Int, _ length: Int) {
        #expect(PlaintextLayout.length(secret: secret) == length)
    }

    @Test(arguments: [1, 63, 64, 65, 192, 65_536])
    func decodingGivesBackWhatWasEncoded(_ length: Int) throws {
        var random = SplitMix64(seed: UInt64(length))
        let secret = random.bytes(length)
        let plaintext = encode(metadata, secret: secret)
        let (read, range) = try PlaintextLayout.decode(plaintext.span, kind: .current)
        #expect(read == metadata)
        // Not in the expectation itself, which would compute how two large arrays differ.
        let isSame = Array(plaintext[range]) == secret
        #expect(isSame)
    }

    @Test func everyStateAndVerdictComesBack() throws {
        var states: [RecordState] = [.enabled]
        for reason in DisabledReason.allCases {
            states += [.disabled(reason, until: nil), .disabled(reason, until: Samples.time)]
        }
        for state in states {
            for verdict in Verdict.allCases {
                let metadata = Metadata(created: Samples.time, updated: Samples.time, verdict: verdict, state: state)
                let plaintext = encode(metadata, secret: [1])
                #expect(try PlaintextLayout.decode(plaintext.span, kind: .current).metadata == metadata)
            }
        }
    }

    @Test func aRetainedRowSaysHowLongItIsKept() throws {
        var retained = metadata
        retained.retainedUntil = Samples.time + 9
        let plaintext = encode(retained, kind: .retained, secret: [1])
        // The time at which it would have been enabled again is not kept.
        retained.state = .disabled(.coolingDown, until: nil)
        #expect(try PlaintextLayout.decode(plaintext.span, kind: .retained).metadata == retained)

        var enabled = Metadata(created: Samples.time, updated: Samples.time)
        enabled.retainedUntil = Samples.time
        let other = encode(enabled, kind: .retained, secret: [1])
        #expect(try PlaintextLayout.decode(other.span, kind: .retained).metadata == enabled)
        // Read as a current row it is none: an enabled key is not enabled until a time.
        #expect(throws: FormatError(.invalidField, "", section: "4.3")) {
            try PlaintextLayout.decode(other.span, kind: .current).metadata
        }
    }

    @Test func refusesEachFieldThatIsWrong() {
        func check(_ code: FormatError.Code, _ section: String = "4.3", _ change: (inout [UInt8]) -> Void) {
            var bytes = encode(metadata, secret: [1, 2, 3])
            change(&bytes)
            let error = #expect(throws: FormatError.self) {
                try PlaintextLayout.decode(bytes.span, kind: .current).metadata
            }
            #expect(error?.code == code)
            #expect(error?.section == section)
        }
        check(.truncated) { $0.removeLast(65) }
        check(.unsupportedVersion) { $0[0] = 2 }
        check(.invalidField) { $0[1] = 2 }
        check(.invalidField) { $0[2] = 0 }
        check(.invalidField) { $0[2] = 4 }
        check(.invalidField) { $0[1] = 0 }
        check(.invalidField) { $0[3] = 8 }
        check(.invalidField) { $0[7] = 1 }
        check(.invalidField) { $0[11] = 0 }
        check(.invalidField) { $0[11] = 65 }
        check(.invalidField) { $0[8] = 0xFF }
        check(.invalidField) { $0[12] = 6 }
        check(.invalidField) { $0[12] = 0 }
        check(.invalidField) { $0[12] = 0xFF }
        check(.invalidField) { $0[13] = 0x20 }
        check(.invalidField) { $0[23] = 1 }
        check(.invalidField) { $0.replaceSubrange(24..<32, with: [UInt8](repeating: 0, count: 8)) }
        check(.invalidField) { $0.replaceSubrange(32..<40, with: [UInt8](repeating: 0, count: 8)) }
        for time in stride(from: 24, to: 64, by: 8) { check(.invalidField, "1") { $0[time] = 1 } }
        check(.invalidField) { $0[67] = 1 }
        check(.invalidField) { $0[127] = 0x80 }
        check(.invalidField) { $0.removeLast() }
        check(.invalidField) { $0.append(0) }
        check(.invalidField) { $0 += [UInt8](repeating: 0, count: 128) }
    }

    @Test func anyBytesGiveAValueOrATypedError() throws {
        var random = SplitMix64(seed: 6)
        let valid = encode(metadata, secret: random.bytes(40))
        for _ in 0..<5000 {
            var bytes = valid
            for _ in 0...(random.next() % 3) {
                bytes[Int(random.next() % 64)] = UInt8(truncatingIfNeeded: random.next() % 10)
            }
            for kind in [RecordKind.current, .retained] {
                guard let (metadata, range) = try? PlaintextLayout.decode(bytes.span, kind: kind) else { continue }
                // What is read is written again as it was, but for the one field of which a kind has no use.
                #expect(encode(metadata, kind: kind, secret: Array(bytes[range])) == bytes)
            }
        }
    }
}
