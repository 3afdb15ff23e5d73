import ArgumentParser
import KeyVault

/// `keyvault backup`
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Write a complete, encrypted copy of the vault, and verify it.",
        discussion: """
            A vault in SQLite stays in use meanwhile; one in a file must be open nowhere else. The copy opens like the vault, \
            by the same master key or passphrase; no key file and no passphrase is in it. Its file \
            belongs to whoever runs this.

            Where the copy of a vault in a file was broken off, it stays under its name, unfinished, and opens nowhere. It goes on \
            when this is called again; where the vault was written to since, remove it first.
            """)

    @Argument(help: ArgumentHelp("A path where nothing is yet.", valueName: "OUT"), completion: .file())
    var path: String

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let source = try options.storeURL
        try await VaultCopy(options: options).run(from: source, to: try source.sibling(path), method: .wholeStore)
    }
}
