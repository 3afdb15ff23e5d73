import Testing

@testable import KeyVault

@Suite struct EnvelopeRewrapTests {
    private let samples: EnvelopeSamples

    init() throws { samples = try EnvelopeSamples() }

    private func rewrap(_ record: SealedRecord, as key: RecordKey) throws(CryptoError) -> SealedRecord {
        try samples.envelope.rewrap(record, as: key, from: samples.master.key, to: samples.other.key)
    }

    @Test(arguments: [RecordKind.current, .retained]) func opensUnderTheNewKeyAlone(_ kind: RecordKind) throws {
        let key = try EnvelopeSamples.key()
        let record = try samples.seal(as: key, kind: kind)
        let rewrapped = try rewrap(record, as: key)
        #expect(rewrapped.keyID == samples.other.key.id)
        #expect(rewrapped.ciphertext == record.ciphertext)
        let opened = try samples.envelope.open(rewrapped, as: key, kind: kind, under: samples.other.key)
        let secret = opened.withSecret { secret in secret.indices.map { secret[$0] } }
        #expect(secret == samples.secret)
        #expect(samples.refuses(rewrapped.encoded, as: key, kind: kind))
        // The kind is not what a rewrap looks at, and stays what it was.
        #expect(throws: OpenFailure.self) {
            let other: RecordKind = kind == .current ? .retained : .current
            _ = try samples.envelope.open(rewrapped, as: key, kind: other, under: samples.other.key)
        }
    }

    @Test func isDeterministicAndGoesBackToTheSameBytes() throws {
        let key = try EnvelopeSamples.key()
        let record = try samples.seal(as: key)
        let rewrapped = try rewrap(record, as: key)
        #expect(try rewrap(record, as: key) == rewrapped)
        let back = try samples.envelope.rewrap(rewrapped, as: key, from: samples.other.key, to: samples.master.key)
        #expect(back == record)
    }

    @Test func refusesARecordOfAnotherPlace() throws {
        let record = try samples.seal(as: EnvelopeSamples.key())
        for (reference, revision) in [("acme/openai", UInt64(6)), ("acmf/openai", 5), ("acme/openai/ci", 5)] {
            let key = try EnvelopeSamples.key(reference, revision: revision)
            #expect(throws: CryptoError.authenticationFailed) { try rewrap(record, as: key) }
        }
    }
}
