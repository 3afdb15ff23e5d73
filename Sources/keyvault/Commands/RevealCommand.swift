import ArgumentParser
import KeyVault

/// `keyvault reveal`
struct RevealCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reveal",
        abstract: "Write a key to standard output, byte for byte.",
        discussion:
            "No line break is added. A terminal is refused: what it shows is kept in its history and seen by others.")

    @Argument(help: "Which key: TENANT/PROVIDER or TENANT/PROVIDER/LABEL.")
    var reference: RecordID

    @Option(help: ArgumentHelp("An earlier revision, as 'keyvault history' lists them.", valueName: "N"))
    var revision: UInt64?

    @Flag(name: .customLong("force-tty"), help: "Write to a terminal all the same.")
    var forcesTerminal = false

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        guard forcesTerminal || !StandardStream.output.isTerminal else {
            throw Failure(
                .refused, "Standard output is a terminal, where others can read along.",
                hint: "Pipe the key to where it is needed, see 'keyvault exec', or use --force-tty.")
        }
        try await options.withVault { vault in
            if let revision {
                try await vault.withSecret(reference, revision: revision) { try StandardStream.output.write($0) }
            } else {
                try await vault.withSecret(reference) { secret in try StandardStream.output.write(secret) }
            }
        }
    }
}
