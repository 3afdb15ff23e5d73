/// Spaces requests to each provider out, and keeps away from one that asked for a pause.
package actor ProviderPace {
    /// A provider that asks for more is asked again all the same: a run must end.
    private static let longestPause = Duration.seconds(60)

    private let interval: Duration
    private let time: TimeSource
    /// From when on each provider may be asked, on the monotonic clock.
    private var free: [String: UInt64] = [:]
    /// When the last pause of each provider ends.
    private var paused: [String: UInt64] = [:]

    package init(interval: Duration, time: TimeSource) {
        self.interval = interval
        self.time = time
    }

    /// Waits for the next turn at `provider`.
    package func turn(at provider: String) async throws {
        var start: UInt64
        repeat {
            let now = time.monotonic()
            start = max(now, free[provider] ?? 0)
            free[provider] = start.advanced(saturatingBy: interval.clampedNanoseconds)
            if start > now { try await time.sleep(.nanoseconds(Int64(clamping: start - now))) }
            try Task.checkCancellation()
            // A pause that was asked for meanwhile is for those who wait already, too: they get another turn behind it.
        } while start < paused[provider] ?? 0
    }

    package func pause(_ provider: String, for pause: Duration) {
        let end = time.monotonic().advanced(saturatingBy: min(pause, Self.longestPause).clampedNanoseconds)
        paused[provider] = max(paused[provider] ?? 0, end)
        free[provider] = max(free[provider] ?? 0, end)
    }
}
