import ArgumentParser
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
            try await vault.enable(reference)
            try options.console.say("Enabled \(reference).")
        }
    }
}
