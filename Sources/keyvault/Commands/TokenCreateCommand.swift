import ArgumentParser
import Foundation
import KeyVault

/// `keyvault token create`
struct TokenCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a token that speaks for a tenant, and show it once.",
        discussion: "The vault keeps a hash of it only: a token that was lost is revoked, and another one made.")

    @Argument(help: ArgumentHelp("For whom it speaks.", valueName: "TENANT"))
    var tenant: String

    @Option(help: "From when on it is refused: 2027-01-31 or 2027-01-31T12:00:00Z. Default: never.")
    var expires: Date?

    @Flag(help: "Print a JSON object.")
    var json = false

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        try await options.withVault { vault in
            let made = try await vault.createToken(for: tenant, expires: expires)
            let document = ["id": made.info.id, "token": made.token, "tenant": tenant]
            // Where nobody reads it, writing it is to fail, not to end the process.
            signal(SIGPIPE, SIG_IGN)
            // Alone on its line, so that `$(keyvault token create TENANT)` is the token.
            do {
                if json { try options.console.result(json: document) } else { try options.console.result(made.token) }
            } catch {
                // Nobody has seen it, and nobody could name it.
                _ = try? await vault.revokeToken(made.info.id)
                throw error
            }
        }
    }
}
