import ArgumentParser
import KeyVault

/// `keyvault migrate`
struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Copy the vault into another store, record by record and without decrypting, and verify the copy.",
        discussion: """
            Nobody may write to the vault meanwhile. A copy that was broken off opens nowhere, and goes on when this is \
            called again; where the vault was written to since, remove it first.
            """)

    @Option(name: .customLong("to"), help: ArgumentHelp("The other store; no vault may be there.", valueName: "URL"))
    var target: String

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        try await VaultCopy(options: options).run(
            from: try options.storeURL, to: try StoreURL(target, of: "--to"), method: .recordByRecord)
    }
}
