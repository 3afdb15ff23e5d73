import ArgumentParser
import Foundation
import KeyVault

/// `keyvault list`
struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the stored keys, without the keys.")

    @Argument(help: ArgumentHelp("Only this tenant's.", valueName: "TENANT"))
    var tenant: String?

    @Flag(help: "Print a JSON array of the objects that 'show' prints.")
    var json = false

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        try await options.withVault { vault in
            if json { try await printJSON(vault) } else { try await printTable(vault) }
        }
    }

    private func printJSON(_ vault: Vault) async throws {
        var separator = "["
        for try await entries in vault.pages(of: tenant) where !entries.isEmpty {
            let objects = try entries.map { try JSON.text(RecordDocument($0)) }
            try StandardStream.output.write(separator + "\n" + objects.joined(separator: ",\n"))
            separator = ","
        }
        try StandardStream.output.write(separator == "[" ? "[]\n" : "\n]\n")
    }

    private func printTable(_ vault: Vault) async throws {
        var table = Table("TENANT", "PROVIDER", "LABEL", "REVISION", "HINT", "STATE", "VERDICT", "UPDATED")
        let (now, style) = (Date(), options.console.style)
        var isEmpty = true
        for try await entries in vault.pages(of: tenant) where !entries.isEmpty {
            isEmpty = false
            let lines = table.lines(entries.map { $0.cells(at: now) }, style: style) { index, line in
                guard let metadata = entries[index].metadata else { return style.red(line) }
                return metadata.stateName(at: now) == "enabled" ? line : style.yellow(line)
            }
            try StandardStream.output.write(lines)
        }
        if isEmpty { try options.console.say(tenant.map { "No keys are stored for \($0)." } ?? "No keys are stored.") }
    }
}

extension ListEntry {
    fileprivate func cells(at now: Date) -> [String] {
        let names = [id.tenant, id.provider, id.label, "\(revision)"]
        guard let metadata else { return names + ["–", code?.stateOfUnreadable ?? "–", "–", "–"] }
        return names + [
            metadata.hint?.description ?? "–", metadata.stateName(at: now), metadata.verdict.name,
            metadata.updated.inUTC,
        ]
    }
}
