import Glibc

package import struct Foundation.Date

/// The two times the engine knows, and how to wait; injected, so that tests need not.
package struct TimeSource: Sendable {
    /// Nanoseconds since some moment in the past; never runs backwards on the system's clock.
    package let monotonic: @Sendable () -> UInt64
    /// The time of day, for what is written into records.
    package let date: @Sendable () -> Date
    package let sleep: @Sendable (Duration) async throws -> Void

    /// The system's clocks.
    package static let system = system(date: { Date() })

    /// The system's monotonic clock, and a time of day of the caller's own. The coarse clock is some 4 ms late and costs
    /// 5 ns where the exact one costs 23.
    package static func system(date: @escaping @Sendable () -> Date) -> TimeSource {
        TimeSource(
            monotonic: {
                var time = timespec()
                // The clock id is one that every Linux knows, so the call cannot fail.
                unsafe clock_gettime(CLOCK_MONOTONIC_COARSE, &time)
                return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
            },
            date: date,
            sleep: { duration in try await Task.sleep(for: duration) })
    }

    /// A clock of the caller's own.
    package init<C: Clock>(clock: C, date: @escaping @Sendable () -> Date) where C.Duration == Duration {
        let start = clock.now
        self.init(
            monotonic: {
                // A clock that goes backwards past its start stands still there.
                start.duration(to: clock.now).clampedNanoseconds
            },
            date: date,
            sleep: { duration in try await clock.sleep(for: duration) })
    }

    private init(
        monotonic: @escaping @Sendable () -> UInt64, date: @escaping @Sendable () -> Date,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.monotonic = monotonic
        self.date = date
        self.sleep = sleep
    }
}
