import ArgumentParser
import KeyVault

/// `keyvault token revoke`
struct TokenRevokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Refuse a token from now on.")

    @Argument(help: ArgumentHelp("What 'token list' calls it; not the token.", valueName: "ID"))
    var token: String

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        try await options.withVault { vault in
            guard try await vault.revokeToken(token) else {
                throw Failure(.notFound, "There is no token of that id.", hint: "See 'keyvault token list'.")
            }
            try options.console.say("Revoked the token \(token).")
        }
    }
}
