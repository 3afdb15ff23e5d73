import ArgumentParser
import KeyVault

/// `keyvault providers`
struct ProvidersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "providers",
        abstract: "List the providers whose keys are known.",
        discussion: """
            A key of another provider is stored unchecked. A JSON document that $KEYVAULT_PROVIDERS names adds providers, or \
            replaces them; it is also where a base URL of your own stands.
            """)

    @Flag(help: "Print a JSON array.")
    var json = false

    @OptionGroup var options: ConsoleOptions

    func run() async throws {
        let providers = try LiveChecks.registry().providers.sorted { $0.name < $1.name }
        if json {
            try options.console.result(json: providers)
        } else {
            var table = Table("PROVIDER", "NAME", "KEYS BEGIN WITH", "LIVE CHECK")
            try StandardStream.output.write(
                table.lines(providers.map(\.cells), style: options.console.style) { $1 })
        }
    }
}

extension Provider {
    fileprivate var cells: [String] {
        let known = requiredPrefixes.isEmpty ? formats.map(\.prefix) : requiredPrefixes
        let prefixes = known.filter { !$0.isEmpty }.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        return [
            name, displayName, prefixes.isEmpty ? "–" : prefixes.joined(separator: " "),
            check.map { $0.base == nil ? "needs a base URL" : "yes" } ?? "–",
        ]
    }
}
