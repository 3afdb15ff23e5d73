import Foundation
import Testing

@testable import KeyVaultProviders

@Suite struct RetryAfterTests {
    @Test(arguments: [("-5", 0), ("0", 0), ("2.5", 2.5), (" 30 ", 30), ("1e9", 86_400)])
    func theTimeThatAProviderAsksForIsBounded(text: String, seconds: Double) {
        #expect(RetryAfter(text)?.seconds == seconds)
    }

    @Test(arguments: [
        ("Mon, 21 Sep 2026 14:13:50 GMT", 30), ("Mon, 21 Sep 2026 14:13:10 GMT", 0),
        ("Mon, 21 Sep 2026 14:13:20 GMT", 0), ("Wed, 23 Sep 2026 14:13:20 GMT", 86_400),
    ])
    func aDateIsCountedFromNow(text: String, seconds: Double) {
        #expect(RetryAfter(text, now: Date(timeIntervalSince1970: 1_790_000_000))?.seconds == seconds)
    }

    @Test(arguments: ["", "soon", "nan", "inf", "Mon, 23 Nov 2026"])
    func whatIsNeitherSecondsNorADateSaysNothing(text: String) {
        #expect(RetryAfter(text) == nil)
    }
}
