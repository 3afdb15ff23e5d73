import Foundation
import Testing

@testable import KeyVault

@Suite struct EnvelopeTests {
    private let samples: EnvelopeSamples

    init() throws { samples = try EnvelopeSamples() }

    @Test(arguments: [1, 63, 64, 65, 1024, 65_536]) func opensWhatItSealed(_ length: Int) throws {
        let (key, secret) = (try EnvelopeSamples.key(), VectorKeys.bytes(length, seed: 7))
        let record = try samples.seal(as: key, secret: secret)
        // Not in the expectations themselves, which would compute how two large arrays differ.
        let (isSame, isParsed) = try (samples.open(record, as: key) == secret, SealedRecord(record.encoded) == record)
        #expect(isSame)
        #expect(isParsed)
        let opened = try samples.envelope.open(record, as: key, kind: .current, under: samples.master.key)
        let (metadata, openedKey) = (opened.metadata, opened.key)
        #expect(metadata == samples.metadata)
        #expect(openedKey == key)
        let lease = opened.lease()
        let (leased, revision) = (lease.withSpan { $0.indices.map { index in index }.count }, lease.revision)
        #expect(leased == length)
        #expect(revision == 5)
    }

    @Test func nothingOfTheSecretShows() throws {
        let record = try samples.seal(as: EnvelopeSamples.key()).encoded
        for start in 0..<(samples.secret.count - 6) {
            let part = samples.secret[start..<(start + 6)]
            #expect(record.firstRange(of: part) == nil)
        }
    }

    @Test func anotherMasterKeyIsRefused() throws {
        let key = try EnvelopeSamples.key()
        let record = try samples.seal(as: key)
        let error = #expect(throws: OpenFailure.self) {
            _ = try samples.envelope.open(record, as: key, kind: .current, under: samples.other.key)
        }
        guard case .crypto(.authenticationFailed) = error else {
            Issue.record("another error")
            return
        }
        #expect(throws: CryptoError.authenticationFailed) {
            _ = try samples.envelope.rewrap(record, as: key, from: samples.other.key, to: samples.master.key)
        }
    }

    @Test func theIDInTheRecordMustBeTheKeys() throws {
        let key = try EnvelopeSamples.key()
        var bytes = try samples.seal(as: key).encoded
        bytes.replaceSubrange(8..<24, with: samples.other.key.id.bytes)
        #expect(samples.refuses(bytes, as: key))
    }

    @Test func anAuthenticPlaintextOfNoLayoutIsAFormatError() throws {
        var plaintext = SealedSteps.plaintext(samples.metadata, kind: .current, secret: samples.secret)
        plaintext[0] = 2
        let request = RecordRequest { $0.revision = 5 }
        let record = try SealedSteps(request, random: VectorKeys.bytes(32, seed: 8), plaintext: plaintext).record
        let error = #expect(throws: OpenFailure.self) { try samples.open(SealedRecord(record), as: request.key) }
        guard case .format(let format) = error else {
            Issue.record("another error")
            return
        }
        #expect(format.code == .unsupportedVersion)
    }

    @Test func twoSealingsShareNothing() throws {
        let key = try EnvelopeSamples.key()
        let one = try samples.seal(as: key)
        let two = try samples.seal(as: key, random: VectorKeys.bytes(32, seed: 301))
        #expect(one.salt != two.salt)
        #expect(one.commitment != two.commitment)
        #expect(one.wrappedKey != two.wrappedKey)
        #expect(one.ciphertext != two.ciphertext)
    }

    @Test func aFailedRandomGeneratorCostsNoMoreThanTheHidingOfEqualWrites() throws {
        let constant = [UInt8](repeating: 0, count: 32)
        var salts: Set<[UInt8]> = []
        var prefixes: Set<[UInt8]> = []
        for tenant in ["a", "b", "c", "d"] {
            for revision in UInt64(1)...4 {
                for secret in ["one", "two"] {
                    for kind in [RecordKind.current, .retained] {
                        let record = try samples.seal(
                            as: EnvelopeSamples.key("\(tenant)/openai", revision: revision), kind: kind,
                            secret: Array(secret.utf8), random: constant)
                        salts.insert(record.salt)
                        // The first block is all but the same plaintext: under one key it would be the same ciphertext.
                        prefixes.insert(Array(record.ciphertext.prefix(16)))
                    }
                }
            }
        }
        #expect(salts.count == 64)
        #expect(prefixes.count == 64)
        let key = try EnvelopeSamples.key()
        #expect(try samples.seal(as: key, random: constant) == samples.seal(as: key, random: constant))
    }
}
