import Testing

@testable import KeyVaultCrypto

@Suite struct ShortHashTests {
    private func hash(_ bytes: [UInt8], _ hash: borrowing ShortHash) -> [UInt8] {
        let output = hash.hash(bytes.span)
        return output.indices.map { output[$0] }
    }

    @Test func dependsOnEveryByteAndOnTheKey() throws {
        let one = try ShortHash()
        let other = try ShortHash()
        let bytes = Samples.counting(240)
        let first = hash(bytes, one)
        #expect(hash(bytes, one) == first)
        #expect(hash(bytes, other) != first)
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 1
            #expect(hash(changed, one) != first)
        }
        #expect(hash(bytes.dropLast(), one) != first)
        #expect(hash([], one) != hash([0], one))
    }
}
