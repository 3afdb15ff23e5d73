import KeyVaultCrypto
import Testing

@Suite struct AES256GCMTests {
    private let nonce = AESNonce(InlineArray { UInt8($0) })
    private let data: [UInt8] = [9, 8, 7]

    private func open(_ sealed: [UInt8], key: [UInt8] = Samples.keyBytes, data: [UInt8]? = nil) throws -> [UInt8] {
        // Filled, so that what a failure leaves behind shows.
        var plaintext = [UInt8](repeating: 0xAA, count: max(sealed.count - 16, 0))
        var span = plaintext.mutableSpan
        let data = data ?? self.data
        do {
            try AES256GCM(key: Samples.guarded(key)).open(
                sealed.span, nonce: nonce, associatedData: data.span, into: &span)
        } catch {
            let isWiped = plaintext.allSatisfy { $0 == 0 }
            #expect(isWiped || sealed.count < 16)
            throw error
        }
        return plaintext
    }

    private func seal(_ plaintext: [UInt8]) throws -> [UInt8] {
        try AES256GCM(key: Samples.guarded(Samples.keyBytes)).seal(
            plaintext.span, nonce: nonce, associatedData: data.span)
    }

    @Test(arguments: [0, 1, 15, 16, 17, 128, 65_664])
    func opensWhatItSealed(_ length: Int) throws {
        let plaintext = Samples.counting(length)
        let sealed = try seal(plaintext)
        #expect(sealed.count == length + 16)
        // Not in the expectation itself, which would compute how two large arrays differ.
        let isSame = try open(sealed) == plaintext
        #expect(isSame)
    }

    @Test(arguments: [0, 1, 128, 1000]) func opensIntoMemoryOfItsOwn(_ length: Int) throws {
        let plaintext = Samples.counting(length)
        var sealed = try seal(plaintext)
        let cipher = try AES256GCM(key: Samples.guarded(Samples.keyBytes))
        let opened = try cipher.open(sealed.span, nonce: nonce, associatedData: data.span)
        #expect(opened.exposed() == plaintext)
        sealed[length] ^= 1
        for wrong in [sealed, [], Array(sealed[..<15])] {
            #expect(throws: CryptoError.authenticationFailed) {
                _ = try cipher.open(wrong.span, nonce: nonce, associatedData: data.span)
            }
        }
    }

    @Test func refusesEveryChangedBit() throws {
        let sealed = try seal(Samples.counting(40))
        for bit in 0..<(sealed.count * 8) {
            var changed = sealed
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: CryptoError.authenticationFailed) { try open(changed) }
        }
        for count in 0..<sealed.count {
            #expect(throws: CryptoError.authenticationFailed) { try open(Array(sealed[..<count])) }
        }
        #expect(throws: CryptoError.authenticationFailed) { try open(sealed + [0]) }
        #expect(throws: CryptoError.authenticationFailed) { try open(sealed, key: Samples.otherKeyBytes) }
        #expect(throws: CryptoError.authenticationFailed) { try open(sealed, data: data + [0]) }
        #expect(throws: CryptoError.authenticationFailed) { try open(sealed, data: []) }
    }

    @Test func spansWithoutAnAddressAreEmpty() throws {
        let cipher = try AES256GCM(key: Samples.guarded(Samples.keyBytes))
        let none: [UInt8] = []
        let sealed = try cipher.seal(Span(), nonce: nonce, associatedData: Span())
        #expect(try cipher.seal(none.span, nonce: nonce, associatedData: none.span) == sealed)
        var output = MutableSpan<UInt8>()
        try cipher.open(sealed.span, nonce: nonce, associatedData: Span(), into: &output)
    }
}
