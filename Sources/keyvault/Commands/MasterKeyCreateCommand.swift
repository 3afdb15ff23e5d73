import ArgumentParser
import KeyVault

/// `keyvault master-key create`
struct MasterKeyCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a new master key in a file of its own, with mode 0600.",
        discussion: """
            It opens nothing yet. Before a rotation, give it to every process that uses the vault, beside the old one: see \
            'keyvault rotate master --help'.
            """)

    @Argument(
        help: ArgumentHelp("A path where nothing is yet.", valueName: "F"), completion: .file(), transform: String.path)
    var path: String

    @OptionGroup var options: ConsoleOptions

    func run() async throws {
        _ = try MasterKeyFile.create(at: path)
        try options.console.say("Made a new master key, \(path). Keep a copy in a safe place.")
    }
}
