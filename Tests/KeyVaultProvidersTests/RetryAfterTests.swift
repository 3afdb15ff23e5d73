import Testing

@testable import KeyVaultProviders

@Suite struct RetryAfterTests {
    @Test(arguments: [("-5", 0), ("0", 0), ("2.5", 2.5), (" 30 ", 30), ("1e9", 86_400)])
    func theTimeThatAProviderAsksForIsBounded(text: String, seconds: Double) {
        #expect(RetryAfter(text)?.seconds == seconds)
    }

    @Test(arguments: ["", "soon", "nan", "inf", "Mon, 23 Nov 2026"])
    func whatIsNeitherSecondsNorADateSaysNothing(text: String) {
        #expect(RetryAfter(text) == nil)
    }
}
