import ArgumentParser
import Foundation
import KeyVault

/// `keyvault token list`
struct TokenListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the tokens, without the tokens.")

    @Argument(help: ArgumentHelp("Only this tenant's.", valueName: "TENANT"))
    var tenant: String?

    @Flag(help: "Print a JSON array.")
    var json = false

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        try await options.withVault { vault in
            let tokens = try await vault.tokens(of: tenant)
            if json {
                try options.console.result(json: tokens.map(TokenDocument.init))
            } else if tokens.isEmpty {
                try options.console.say("There are no tokens.")
            } else {
                var table = Table("ID", "TENANT", "CREATED", "EXPIRES")
                try StandardStream.output.write(
                    table.lines(tokens.map(\.cells), style: options.console.style) { $1 })
            }
        }
    }
}

extension TokenInfo {
    fileprivate var cells: [String] {
        guard let tenant else { return [id, (code ?? .damagedRecord).stateOfUnreadable, "–", "–"] }
        return [id, tenant, created?.inUTC ?? "–", expires?.inUTC ?? "never"]
    }
}

/// What `token list --json` prints of a token.
private struct TokenDocument: Encodable {
    private let token: TokenInfo

    init(_ token: TokenInfo) { self.token = token }

    private enum Member: String, CodingKey {
        case id, tenant, created, expires, damaged, unreadable
    }

    func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Member.self)
        try object.encode(token.id, forKey: .id)
        guard let tenant = token.tenant else {
            try object.encode(unreadable: token.code, damaged: .damaged, otherwise: .unreadable)
            return
        }
        try object.encode(tenant, forKey: .tenant)
        try object.encode(token.created?.inUTC, forKey: .created)
        try object.encode(token.expires?.inUTC, forKey: .expires)
    }
}
