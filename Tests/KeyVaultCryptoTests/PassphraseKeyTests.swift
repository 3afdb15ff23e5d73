import KeyVaultCrypto
import Testing

@Suite struct PassphraseKeyTests {
    private let passphrase = Array("correct horse battery staple".utf8)

    private func derive(
        _ passphrase: [UInt8], salt: [UInt8] = Samples.counting(16), operations: UInt32 = 2
    ) throws -> MasterKey {
        try MasterKey(passphrase: passphrase.span, salt: salt.span, operations: operations, memory: 64 << 20)
    }

    // The key itself is in Tests/Vectors/headers.json.
    @Test func dependsOnPassphraseSaltAndPasses() throws {
        let ids = try [
            derive(passphrase).idBytes, derive(passphrase.dropLast()).idBytes,
            derive(passphrase, salt: Samples.counting(17).suffix(16)).idBytes,
            derive(passphrase, operations: 3).idBytes,
        ]
        #expect(Set(ids).count == 4)
    }

    @Test func wrapsAMasterKey() throws {
        let context = Array("slot".utf8)
        let wrapped = try derive(passphrase).wrap(Samples.master(), context: context.span)
        #expect(
            try derive(passphrase).unwrapMasterKey(wrapped, context: context.span).idBytes == Samples.master().idBytes)
        #expect(throws: CryptoError.authenticationFailed) {
            _ = try derive([]).unwrapMasterKey(wrapped, context: context.span)
        }
    }

    @Test func moreMemoryThanThereIsIsATypedError() {
        let salt = Samples.counting(16)
        // Beyond what Argon2 can count.
        #expect(throws: CryptoError.outOfMemory) {
            _ = try MasterKey(passphrase: passphrase.span, salt: salt.span, operations: 2, memory: 1 << 62)
        }
    }
}
