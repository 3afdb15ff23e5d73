import ArgumentParser
import Foundation
import KeyVault

/// `keyvault show`
struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Say what is known of a key, without the key.")

    @Argument(help: "Which key: TENANT/PROVIDER or TENANT/PROVIDER/LABEL.")
    var reference: RecordID

    @Flag(help: "Print a JSON object.")
    var json = false

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        try await options.withVault { vault in
            let entry = try await vault.entry(for: reference)
            if json {
                try options.console.result(json: RecordDocument(entry))
            } else {
                try options.console.result(lines(entry))
            }
            if let code = entry.code, let damage = entry.damage { throw Failure(unreadable: code, damage) }
        }
    }

    private func lines(_ entry: ListEntry) -> String {
        var facts = [
            ("tenant", entry.id.tenant), ("provider", entry.id.provider), ("label", entry.id.label),
            ("revision", "\(entry.revision)"),
        ]
        if let metadata = entry.metadata { facts += metadata.facts(at: Date()) }
        return facts.map { name, value in name.padding(toLength: 16, withPad: " ", startingAt: 0) + value }
            .joined(separator: "\n")
    }
}

extension Metadata {
    fileprivate func facts(at now: Date) -> [(String, String)] {
        var state = stateName(at: now)
        if case .disabled(let reason, let until) = self.state, state == "disabled" {
            state += " (\(reason)\(until.map { ", until \($0.inUTC)" } ?? ""))"
        }
        return [
            ("hint", hint?.description ?? "none"), ("state", state), ("verdict", verdict.name),
            ("last validated", lastValidated?.inUTC ?? "never"), ("created", created.inUTC), ("updated", updated.inUTC),
            ("expires", expires?.inUTC ?? "never"),
        ]
    }
}
