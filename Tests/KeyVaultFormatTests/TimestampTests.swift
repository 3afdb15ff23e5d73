import KeyVaultFormat
import TestSupport
import Testing

import struct Foundation.Date

@Suite struct TimestampTests {
    @Test func everyMillisecondComesBack() throws {
        var random = SplitMix64(seed: 3)
        let some = (0..<10_000).map { _ in random.next() % (Timestamp.maximum + 1) }
        for milliseconds in [0, 1, 2, 999, Timestamp.maximum - 1, Timestamp.maximum] + some {
            #expect(Timestamp(try Timestamp(milliseconds: milliseconds).date).milliseconds == milliseconds)
        }
    }

    @Test func timesOutsideBecomeTheNearestInside() {
        #expect(Timestamp(nil).milliseconds == 0)
        // Zero means that there is no time, so the epoch itself is a millisecond late.
        #expect(Timestamp(Date(timeIntervalSince1970: 0)).milliseconds == 1)
        #expect(Timestamp(.distantPast).milliseconds == 1)
        #expect(Timestamp(Date(timeIntervalSince1970: 1e18)).milliseconds == Timestamp.maximum)
        #expect(Timestamp(Date(timeIntervalSince1970: .infinity)).milliseconds == Timestamp.maximum)
        #expect(throws: FormatError(.invalidField, "", section: "1")) {
            try Timestamp(milliseconds: Timestamp.maximum + 1)
        }
    }

    @Test func noDateTraps() {
        #expect(Timestamp(Date(timeIntervalSince1970: .nan)).milliseconds == 1)
        for seconds in [-.infinity, .infinity, .greatestFiniteMagnitude, -Double.leastNonzeroMagnitude] {
            #expect(Timestamp(Date(timeIntervalSince1970: seconds)).milliseconds <= Timestamp.maximum)
        }
    }

    @Test func roundsToTheMillisecond() {
        #expect(
            Date(timeIntervalSince1970: 1.0004).roundedToMilliseconds == Date(timeIntervalSince1970: 1))
        #expect(
            Date(timeIntervalSince1970: 1.0006).roundedToMilliseconds == Date(timeIntervalSince1970: 1.001))
    }
}
