import Dispatch
import KeyVaultStorage
import Testing

@Suite struct ArrivalsTests {
    @Test func manySignalsAreOneAndNoneIsLost() {
        let arrivals = Arrivals()
        #expect(!arrivals.wait(for: .nanoseconds(0)))
        for _ in 0..<3 {
            for _ in 0..<5 { arrivals.signal() }
            arrivals.wait()
            // Nothing is left over that a thread with nothing to do would look at.
            #expect(!arrivals.wait(for: .nanoseconds(0)))
        }
        arrivals.signal()
        #expect(arrivals.wait(for: .seconds(60)))
        arrivals.signal()
        arrivals.wait()
    }
}
