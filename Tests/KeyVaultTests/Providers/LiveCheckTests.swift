import KeyVault
import Testing

/// What an answer of a provider says of a key.
@Suite struct LiveCheckTests {
    @Test(
        arguments: [
            (200, Verdict.valid), (401, .invalid), (429, .rateLimited), (204, nil), (400, nil), (403, nil), (404, nil),
            (500, nil), (503, nil),
        ] as [(Int, Verdict?)])
    func aStatusWithoutARuleOfItsOwn(_ status: Int, _ verdict: Verdict?) {
        #expect(LiveCheck(base: nil, path: "/").verdict(forStatus: status) == verdict)
    }

    @Test func aProvidersOwnRulesComeFirst() {
        let check = LiveCheck(base: nil, path: "/", statuses: [401: .restricted, 402: .withoutCredit])
        #expect(check.verdict(forStatus: 401) == .restricted)
        #expect(check.verdict(forStatus: 402) == .withoutCredit)
        #expect(check.verdict(forStatus: 200) == .valid)
    }
}
