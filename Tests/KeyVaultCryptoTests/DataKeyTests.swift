import Testing

@testable import KeyVaultCrypto

@Suite struct DataKeyTests {
    private func derive(_ random: [UInt8], _ context: [UInt8], _ plaintext: [UInt8]) throws -> [UInt8] {
        let key = try Samples.master().deriveDataKey(
            random: random.span, context: context.span, plaintext: plaintext.span)
        return key.bytes.exposed()
    }

    @Test func dependsOnEverythingItIsMadeOf() throws {
        let keys = try [
            derive([0], [1], [2]), derive([9], [1], [2]), derive([0], [9], [2]), derive([0], [1], [9]),
            derive([0], [1], [2, 0]), derive([0], [1], []),
        ]
        #expect(Set(keys).count == keys.count)
        #expect(try derive([0], [1], [2]) == keys[0])
    }

    @Test func aFailedRandomGeneratorStillGivesEveryPlaintextItsOwnKey() throws {
        let constant = [UInt8](repeating: 0, count: 32)
        var keys: Set<[UInt8]> = []
        for tenant in UInt8(0)..<16 {
            for plaintext in UInt8(0)..<16 { keys.insert(try derive(constant, [tenant], [plaintext])) }
        }
        #expect(keys.count == 256)
    }

    @Test func opensWhatItSealed() throws {
        let (data, plaintext) = (Samples.counting(9), Samples.counting(128))
        let key = try DataKey(Samples.guarded(Samples.keyBytes))
        let sealed = try DataKey(Samples.guarded(Samples.keyBytes)).seal(plaintext.span, associatedData: data.span)
        var opened = [UInt8](repeating: 0, count: 128)
        var span = opened.mutableSpan
        try key.open(sealed.span, associatedData: data.span, into: &span)
        #expect(opened == plaintext)
    }
}
