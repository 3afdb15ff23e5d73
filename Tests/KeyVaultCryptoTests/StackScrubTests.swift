import KeyVaultCrypto
import Testing

@Suite struct StackScrubTests {
    @Test func leavesTheCallersOwnValuesAlone() {
        let value = Samples.counting(8)
        StackScrub.scrub()
        #expect(value == [0, 1, 2, 3, 4, 5, 6, 7])
    }
}
