import Testing

@testable import KeyVault

/// Whoever can write to the store can do any of this; none of it gives a byte of plaintext.
@Suite struct EnvelopeTamperTests {
    private let samples: EnvelopeSamples

    init() throws { samples = try EnvelopeSamples() }

    @Test func everyChangedBitIsRefused() throws {
        let key = try EnvelopeSamples.key()
        let bytes = try samples.seal(as: key).encoded
        var opened = 0
        for bit in 0..<(bytes.count * 8) {
            var changed = bytes
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            if !samples.refuses(changed, as: key) { opened += 1 }
        }
        #expect(opened == 0)
        #expect(!samples.refuses(bytes, as: key))
    }

    @Test func everyTruncationAndExtensionIsRefused() throws {
        let key = try EnvelopeSamples.key()
        let bytes = try samples.seal(as: key).encoded
        for count in bytes.indices { #expect(samples.refuses(Array(bytes[..<count]), as: key)) }
        for count in [1, 16, 128, 144] {
            #expect(samples.refuses(bytes + [UInt8](repeating: 0, count: count), as: key))
        }
        // With a length that fits, too.
        var shorter = try samples.seal(as: key, secret: VectorKeys.bytes(200, seed: 9)).encoded
        shorter.removeLast(128)
        shorter.replaceSubrange(136..<140, with: [0, 0, 1, 16])
        #expect(samples.refuses(shorter, as: key))
        var longer = bytes + [UInt8](repeating: 0, count: 128)
        longer.replaceSubrange(136..<140, with: [0, 0, 1, 16])
        #expect(samples.refuses(longer, as: key))
    }

    /// Everywhere that a record can lie: two of each name, of each revision, of each kind, of each vault.
    private struct Place: Hashable {
        let key: RecordKey
        let kind: RecordKind
        let vault: VaultID
    }

    private func places() throws -> [Place] {
        var places: [Place] = []
        for tenant in ["acme", "acmf", "caf\u{E9}", "cafe\u{301}"] {
            for name in ["openai/default", "openaj/default", "openai/defaulu"] {
                for revision in [UInt64(5), 6] {
                    for kind in [RecordKind.current, .retained] {
                        for vault in [VectorKeys.vaultID, VectorKeys.otherVaultID] {
                            places.append(
                                Place(
                                    key: try EnvelopeSamples.key("\(tenant)/\(name)", revision: revision), kind: kind,
                                    vault: try VaultID(vault)))
                        }
                    }
                }
            }
        }
        return places
    }

    @Test func everyPairOfRecordsThatIsSwappedIsRefused() throws {
        let places = try places()
        #expect(Set(places).count == 96)
        let records = try places.map { place in
            try Envelope(vaultID: place.vault).seal(
                samples.metadata, secret: samples.secret.span, as: place.key, kind: place.kind,
                under: samples.master.key, random: VectorKeys.bytes(32, seed: 302))
        }
        var (opened, refused) = (0, 0)
        for (index, record) in records.enumerated() {
            for (other, place) in places.enumerated() {
                do {
                    _ = try Envelope(vaultID: place.vault).open(
                        record, as: place.key, kind: place.kind, under: samples.master.key)
                    #expect(index == other)
                    opened += 1
                } catch OpenFailure.crypto(.authenticationFailed) {
                    refused += 1
                }
            }
        }
        #expect(opened == 96)
        #expect(refused == 96 * 95)
    }

    @Test func theFieldsOfTwoRecordsDoNotMix() throws {
        // Two sealings of the same secret in the same place, and one of each under another key.
        let key = try EnvelopeSamples.key()
        let one = try samples.seal(as: key).encoded
        let two = try samples.seal(as: key, random: VectorKeys.bytes(32, seed: 303)).encoded
        let sealed = try SealedRecord(one)
        let moved = try samples.envelope.rewrap(sealed, as: key, from: samples.master.key, to: samples.other.key)
            .encoded
        let fields = [24..<56, 56..<88, 88..<136, 140..<one.count]
        for other in [two, moved] {
            // Every choice of fields but none and all; of a rewrapped record the ciphertext is the same.
            for choice in 1..<15 {
                var mixed = one
                for (index, field) in fields.enumerated() where choice & (1 << index) != 0 {
                    mixed.replaceSubrange(field, with: other[field])
                }
                if mixed != one { #expect(samples.refuses(mixed, as: key)) }
            }
        }
    }
}
