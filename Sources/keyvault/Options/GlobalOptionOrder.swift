import ArgumentParser

/// Lets the global options stand before the subcommand too.
///
/// Every subcommand declares those that it has a use for (``GlobalOptions``, ``StoreOptions``, ``ConsoleOptions``). The parser would
/// take those before the subcommand for the root command's, and then ignore the subcommand's; so they are moved behind the
/// subcommand before it sees them.
enum GlobalOptionOrder {
    private static let withValue = ["--store", "--master-key-file"]
    private static let flags = ["--passphrase", "--quiet", "--no-color"]

    static func behindSubcommand(_ arguments: [String]) -> [String] {
        let globals = arguments[..<endOfGlobals(arguments)]
        var (rest, command) = (arguments[globals.endIndex...], KeyVaultCommand.self as any ParsableCommand.Type)
        // The names of nested subcommands, such as `rotate master`.
        while let name = rest.first,
            let next = command.configuration.subcommands.first(where: { $0.configuration.commandName == name })
        {
            (rest, command) = (rest.dropFirst(), next)
        }
        return Array(arguments[globals.endIndex..<rest.startIndex] + globals + rest)
    }

    /// Where the global options at the beginning end.
    private static func endOfGlobals(_ arguments: [String]) -> Int {
        var end = 0
        while end < arguments.count {
            let argument = arguments[end]
            if flags.contains(argument) || withValue.contains(where: { argument.hasPrefix($0 + "=") }) {
                end += 1
            } else if withValue.contains(argument), end + 1 < arguments.count {
                end += 2
            } else {
                break
            }
        }
        return end
    }
}
