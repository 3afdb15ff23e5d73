import ArgumentParser
import KeyVault

/// `keyvault disable`
struct DisableCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disable", abstract: "Keep a key, but do not serve it until somebody enables it.")

    @Argument(help: "Which key: TENANT/PROVIDER or TENANT/PROVIDER/LABEL.")
    var reference: RecordID

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        try await options.withVault { vault in
            try await vault.disable(reference)
            try options.console.say("Disabled \(reference).")
        }
    }
}
