import Logging
import ServiceLifecycle
import UnixSignals

/// Reads the TLS certificate again at SIGHUP. One that cannot be read leaves the old one in place.
struct ReloadService: Service {
    let files: TLSFiles?
    let tls: TLSContext?
    let logger: Logger

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            guard let files, let tls else {
                logger.info("nothing to read again: no TLS is configured")
                continue
            }
            do {
                tls.context = try files.load()
                logger.notice("the TLS certificate was read again")
            } catch {
                logger.error("the old TLS certificate stays in place", metadata: ["error": "\(error)"])
            }
        }
    }
}
