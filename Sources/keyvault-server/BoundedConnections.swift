import HummingbirdCore
import Logging

/// Lets no more connections in than it was told; those that come then wait for one to end, which nobody else would tell.
struct BoundedConnections: AvailableConnectionsDelegate {
    /// How often the log is told, while clients go on coming.
    private static let interval = Duration.seconds(60)

    let limit: Int
    let logger: Logger
    private var count = 0
    private var told: ContinuousClock.Instant?

    init(_ limit: Int, logger: Logger) {
        self.limit = limit
        self.logger = logger
    }

    func isAcceptingNewConnections() -> Bool { count < limit }

    mutating func connectionOpened() {
        count += 1
        let now = ContinuousClock.now
        guard count >= limit, told.map({ $0.duration(to: now) >= Self.interval }) ?? true else { return }
        told = now
        logger.warning(
            "as many connections as maximumConnections allows: others wait", metadata: ["connections": "\(count)"])
    }

    mutating func connectionClosed() { count -= 1 }
}
