import KeyVault
import Logging
import ServiceLifecycle
import UnixSignals

/// Reads the master keys and the TLS certificate again at SIGHUP. What cannot be read leaves the old in place.
struct ReloadService: Service {
    let command: ServerCommand
    let vault: Vault
    let keys: ServerKeys
    let files: TLSFiles?
    let tls: TLSContext?
    let logger: Logger

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            await reloadMasterKeys()
            reloadCertificate()
        }
    }

    /// The settings as well: the configuration file may name another key by now.
    private func reloadMasterKeys() async {
        do {
            let held = try await keys.reload(ServerSettings.load(command), for: vault)
            logger.notice(
                "the master keys were read again", metadata: ["keys": "\(held.map(\.short).joined(separator: ", "))"])
        } catch {
            logger.error("the old master keys stay in place", metadata: ["error": "\(error)"])
        }
    }

    private func reloadCertificate() {
        guard let files, let tls else { return }
        do {
            tls.context = try files.load()
            logger.notice("the TLS certificate was read again")
        } catch {
            logger.error("the old TLS certificate stays in place", metadata: ["error": "\(error)"])
        }
    }
}
