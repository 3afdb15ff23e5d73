import KeyVaultCrypto
import Testing

@Suite struct AES256GCMInPlaceTests {
    private let data: [UInt8] = [1, 2, 3]

    private func seal(_ plaintext: [UInt8]) throws -> [UInt8] {
        try AES256GCM(key: Samples.guarded(Samples.keyBytes)).seal(
            plaintext.span, nonce: .zero, associatedData: data.span)
    }

    /// What lies in the place of `sealed` afterwards, but for the tag.
    private func open(_ sealed: [UInt8]) throws -> [UInt8] {
        var bytes = try Samples.guarded(sealed)
        try AES256GCM(key: Samples.guarded(Samples.keyBytes)).openInPlace(
            &bytes, from: 0, nonce: .zero, associatedData: data.span)
        return bytes.exposed().dropLast(AES256GCM.tagLength)
    }

    @Test(arguments: [0, 1, 16, 100, 4096]) func opensWhatWasSealed(_ length: Int) throws {
        let plaintext = Samples.counting(length)
        #expect(try open(seal(plaintext)) == plaintext)
    }

    @Test func opensWhatLiesBehindSomethingElse() throws {
        let plaintext = Samples.counting(100)
        var bytes = try Samples.guarded([7, 8, 9] + seal(plaintext))
        let cipher = try AES256GCM(key: Samples.guarded(Samples.keyBytes))
        try cipher.openInPlace(&bytes, from: 3, nonce: .zero, associatedData: data.span)
        let opened = Array(bytes.exposed().dropLast(AES256GCM.tagLength))
        #expect(opened == [7, 8, 9] + plaintext)
        #expect(throws: CryptoError.authenticationFailed) {
            try cipher.openInPlace(&bytes, from: bytes.count - 15, nonce: .zero, associatedData: data.span)
        }
    }

    @Test func refusesEveryChangedBitAndEveryTruncation() throws {
        let sealed = try seal(Samples.counting(20))
        for bit in 0..<(sealed.count * 8) {
            var changed = sealed
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: CryptoError.authenticationFailed) { try open(changed) }
        }
        for count in sealed.indices {
            #expect(throws: CryptoError.authenticationFailed) { try open(Array(sealed[..<count])) }
        }
    }

    @Test func aFailureLeavesNoPlaintext() throws {
        let plaintext = Samples.counting(64)
        var sealed = try seal(plaintext)
        sealed[79] ^= 1
        var bytes = try Samples.guarded(sealed)
        let cipher = try AES256GCM(key: Samples.guarded(Samples.keyBytes))
        #expect(throws: CryptoError.authenticationFailed) {
            try cipher.openInPlace(&bytes, from: 0, nonce: .zero, associatedData: data.span)
        }
        let left = bytes.exposed()
        #expect(zip(left, plaintext).filter { $0 == $1 }.count < 8)
    }
}
