import ArgumentParser
import KeyVault

/// `keyvault passphrase`
struct PassphraseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "passphrase", abstract: "Open the vault by a passphrase.",
        subcommands: [PassphraseChangeCommand.self])
}

/// `keyvault passphrase change`
struct PassphraseChangeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "change",
        abstract: "Set the passphrase that opens the vault, or another one in its place.",
        discussion: """
            The vault is opened by its key file, or with --passphrase by the passphrase it has. The new one is asked for on \
            a terminal, and else read from standard input. No stored key is touched. A flat file is compacted, since it holds \
            the header of before until then.

            Copies made before still open by the old passphrase, and by the same master key. Where others may know either, \
            change the passphrase, rotate with 'keyvault rotate master --re-encrypt', and change it once more.
            """)

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        try await options.withVault(at: options.storeURL) { vault, store in
            try await vault.setPassphrase(try PassphraseInput.readNew())
            try options.console.say("The vault opens by the new passphrase, with --passphrase.")
            if let store = store as? FileStore { try await store.compact() }
        }
    }
}
