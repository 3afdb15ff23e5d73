import ArgumentParser
import Glibc

/// Runs the program. It stands in the place of the argument parser's own `main`, which knows neither global options before
/// the subcommand nor the form of our errors.
@main
enum EntryPoint {
    static func main() async {
        SignalMask.remember()
        StandardStream.holdDescriptors()
        let arguments = GlobalOptionOrder.behindSubcommand(Array(CommandLine.arguments.dropFirst()))
        do {
            try checkEncoding()
            try checkCommand(arguments)
            var command = try KeyVaultCommand.parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            exit(withError: error, arguments: arguments)
        }
    }

    /// Swift's arguments have a mark in the place of every byte that is no UTF-8, so that two names could become one. What stands
    /// behind `--` goes on as it came.
    private static func checkEncoding() throws(Failure) {
        for index in 1..<max(1, Int(CommandLine.argc)) {
            // The arguments as they came: as many as `argc` says, there for as long as the process is.
            guard let argument = unsafe CommandLine.unsafeArgv[index] else { return }
            guard let text = unsafe String(validatingCString: argument) else {
                throw Failure(.usage, "Argument \(index) is no UTF-8.", hint: "Write names and paths as UTF-8.")
            }
            if text == "--" { return }
        }
    }

    /// The parser would complain about an unexpected argument; and `help`, which takes names of commands, would pass over others.
    private static func checkCommand(_ arguments: [String]) throws(Failure) {
        var (commands, path) = (KeyVaultCommand.configuration.subcommands, "keyvault")
        let isHelp = arguments.first == "help"
        for name in arguments.drop(while: { $0 == "help" }) {
            guard isHelp || !commands.isEmpty, !name.hasPrefix("-") else { return }
            guard let command = commands.first(where: { $0.configuration.commandName == name }) else {
                throw Failure(.usage, "There is no command of that name.", hint: "See '\(path) --help'.")
            }
            (commands, path) = (command.configuration.subcommands, "\(path) \(name)")
        }
    }

    private static func exit(withError error: any Error, arguments: [String]) -> Never {
        guard let failure = failure(error) else { Glibc.exit(EXIT_SUCCESS) }
        let style = Style(for: .error, isRefused: arguments.prefix { $0 != "--" }.contains("--no-color"))
        let lines = """
            \(style.red("keyvault: error:")) \(failure.message.onOneLine)
            \(style.bold("keyvault: hint:")) \(failure.hint.onOneLine)

            """
        // Where standard error cannot be written to, the exit code is what is left.
        try? StandardStream.error.write(lines)
        Glibc.exit(failure.status.rawValue)
    }

    /// `--help`, `--version` and completion scripts come as errors too: those are printed here. The parser's own `exit` would not
    /// notice that they cannot be.
    private static func failure(_ error: any Error) -> Failure? {
        guard KeyVaultCommand.exitCode(for: error) == .success else { return Failure(error) }
        do throws(Failure) {
            try StandardStream.output.write(KeyVaultCommand.fullMessage(for: error) + "\n")
            return nil
        } catch { return error }
    }
}
