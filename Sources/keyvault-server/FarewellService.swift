import Logging
import ServiceLifecycle

/// Says that the server ends, and for how long it may take: whoever sees it go on should know what it waits for.
struct FarewellService: Service {
    let seconds: Int
    let logger: Logger

    func run() async throws {
        // Where the server ends because something failed, nothing is waited for.
        do { try await gracefulShutdown() } catch { return }
        logger.notice("shutting down: running requests and streams may go on for \(seconds) s")
    }
}
