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
        #expect(LiveCheck(base: nil, path: "/").verdict(status: status, answer: nil) == verdict)
    }

    @Test func aProvidersOwnRulesComeFirst() {
        let check = LiveCheck(base: nil, path: "/", statuses: [401: .restricted, 402: .withoutCredit])
        #expect(check.verdict(status: 401, answer: nil) == .restricted)
        #expect(check.verdict(status: 402, answer: nil) == .withoutCredit)
        #expect(check.verdict(status: 200, answer: nil) == .valid)
    }

    @Test func anAnswerIsReadWhereARuleAsksForIt() {
        let rules = [
            AnswerRule(status: 401, member: "detail.status", value: "missing_permissions", verdict: .restricted),
            AnswerRule(status: 401, member: "retry", value: "true", verdict: .unverified),
        ]
        let check = LiveCheck(base: nil, path: "/", answers: rules)
        func verdict(_ answer: String?) -> Verdict? {
            check.verdict(status: 401, answer: answer.map { Array($0.utf8) })
        }
        #expect(check.readsAnswer(status: 401) && !check.readsAnswer(status: 200))
        #expect(verdict(#"{"detail": {"status": "missing_permissions"}}"#) == .restricted)
        #expect(verdict(#"{"detail": {"status": "unknown"}, "retry": false}"#) == .invalid)
        #expect(verdict(#"{"detail": "missing_permissions", "retry": 1}"#) == .invalid)
        #expect(verdict(#"{"retry": true}"#) == nil)
        // It may say either: nobody knows what was cut off.
        for unreadable in [nil, "", #"{"detail": {"sta"#, "<html>"] { #expect(verdict(unreadable) == nil) }
        #expect(check.verdict(status: 200, answer: nil) == .valid)
    }
}
