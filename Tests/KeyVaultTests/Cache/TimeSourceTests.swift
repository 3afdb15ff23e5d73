import KeyVaultTesting
import Testing

@testable import KeyVault

/// A clock of the caller's own may say anything: each of these once ended the process.
@Suite struct TimeSourceTests {
    private let clock = ManualClock()

    @Test(arguments: [Duration.nanoseconds(-1), .milliseconds(-500), .seconds(-500)])
    func aClockBeforeItsStartStandsStill(_ step: Duration) {
        let time = TimeSource(clock: clock, date: { [clock] in clock.date })
        clock.advance(by: step)
        #expect(time.monotonic() == 0)
        clock.advance(by: .zero - step + .nanoseconds(7))
        #expect(time.monotonic() == 7)
    }

    @Test func aClockBeyondAllNumbersStandsAtTheLast() {
        let time = TimeSource(clock: clock, date: { [clock] in clock.date })
        clock.advance(by: .seconds(Int64.max))
        #expect(time.monotonic() == UInt64(Int64.max))
    }
}
