import ArgumentParser
import KeyVault

/// `keyvault restore`
struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Make a vault of a backup, at a place where none is, and verify it.",
        discussion: "The place is the one that --store names. Nothing is ever overwritten.")

    @Argument(help: ArgumentHelp("What 'keyvault backup' wrote.", valueName: "IN"), completion: .file())
    var path: String

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let target = try options.storeURL
        try await VaultCopy(options: options).run(from: try target.sibling(path), to: target, method: .wholeStore)
    }
}
