import ArgumentParser
import KeyVault

/// `keyvault sweep`
struct SweepCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sweep",
        abstract: "Remove keys and tokens that have expired, and earlier revisions whose time has ended.")

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        try await options.withVault { vault in
            let report = try await vault.sweep()
            try options.console.say(
                "Removed \(report.expired) expired keys and tokens, and \(report.revisions) earlier revisions.")
        }
    }
}
