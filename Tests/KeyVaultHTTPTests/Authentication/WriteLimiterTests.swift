import Testing

@testable import KeyVaultHTTP

@Suite struct WriteLimiterTests {
    @Test func refillsSteadilyAndForEachAccountByItself() {
        let (limiter, start) = (WriteLimiter(perMinute: 60), ContinuousClock.now)
        for _ in 0..<60 { #expect(limiter.take("a", now: start) == nil) }
        #expect(limiter.take("a", now: start) == 1)
        #expect(limiter.take("b", now: start) == nil)
        #expect(limiter.take("a", now: start + .milliseconds(900)) == 1)
        #expect(limiter.take("a", now: start + .milliseconds(1900)) == nil)
        #expect(limiter.take("a", now: start + .milliseconds(1900)) == 1)
        for _ in 0..<60 { #expect(limiter.take("a", now: start + .seconds(3600)) == nil) }
        #expect(limiter.take("a", now: start + .seconds(3600)) != nil)
    }

    @Test func zeroIsNoLimit() {
        let limiter = WriteLimiter(perMinute: 0)
        for _ in 0..<1000 { #expect(limiter.take("a") == nil) }
    }

    @Test func aClockThatStandsStillGivesNothing() {
        let (limiter, start) = (WriteLimiter(perMinute: 1), ContinuousClock.now)
        #expect(limiter.take("a", now: start) == nil)
        #expect(limiter.take("a", now: start - .seconds(100)) == 60)
    }
}
