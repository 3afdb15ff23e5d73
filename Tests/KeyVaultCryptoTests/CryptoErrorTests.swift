import KeyVaultCrypto
import Testing

@Suite struct CryptoErrorTests {
    @Test func everyErrorSaysWhatToDo() {
        let errors: [CryptoError] = [
            .hardwareUnavailable, .libraryUnavailable, .outOfMemory, .usedAfterFork, .authenticationFailed,
            .invalidKey(.unknownEncoding), .invalidKey(.typedPassword), .invalidKey(.constant),
        ]
        #expect(Set(errors).count == errors.count)
        #expect(Set(errors.map(\.description)).count == errors.count)
        for error in errors { #expect(error.description.hasSuffix(".") || error.description.hasSuffix("'.")) }
    }
}
