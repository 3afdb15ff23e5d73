import ArgumentParser
import Foundation
import KeyVault

/// `keyvault enable`
struct EnableCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enable", abstract: "Serve a key again, whatever it was disabled for.")

    @Argument(help: "Which key: TENANT/PROVIDER or TENANT/PROVIDER/LABEL.")
    var reference: RecordID

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        try await options.withVault { vault in
            let enabled = try await vault.enable(reference)
            try options.console.say("Enabled \(reference).")
            if case .expired? = enabled.metadata.obstacle(at: Date()) {
                options.console.warn("It has expired, and is not served. Put a new key.")
            }
        }
    }
}
