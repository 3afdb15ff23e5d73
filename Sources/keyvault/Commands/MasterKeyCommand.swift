import ArgumentParser

/// `keyvault master-key`
struct MasterKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "master-key", abstract: "Make a master key.", subcommands: [MasterKeyCreateCommand.self])
}
