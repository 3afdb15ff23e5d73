import HummingbirdCore
import Logging

/// Lets no more connections in than it was told; those that come then wait for one to end, which nobody else would tell.
struct BoundedConnections: AvailableConnectionsDelegate {
    /// How often the log is told, while clients go on coming.
    private static let interval = Duration.seconds(60)

    private let limit: Int
    /// The option that names their address.
    private let option: String
    private let logger: Logger
    private var count = 0
    private var told: ContinuousClock.Instant?

    init(_ limit: Int, at option: String, logger: Logger) {
        self.limit = limit
        self.option = option
        self.logger = logger
    }

    func isAcceptingNewConnections() -> Bool { count < limit }

    mutating func connectionOpened() {
        count += 1
        let now = ContinuousClock.now
        guard count >= limit, told.map({ $0.duration(to: now) >= Self.interval }) ?? true else { return }
        told = now
        logger.warning(
            "as many connections as there may be: others wait",
            metadata: ["connections": "\(count)", "option": "\(option)"])
    }

    mutating func connectionClosed() { count -= 1 }
}
