import ArgumentParser
import KeyVault

/// `keyvault verify`
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Open every key and name those that are damaged.",
        discussion: "Earlier revisions are opened too. The exit code is 7 where something is damaged.")

    @Flag(help: "Print a JSON object.")
    var json = false

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        try await options.withVault { vault in
            let console = options.console
            let report = try await vault.verify { report in console.progress("\(report.records.keys) verified") }
            console.endProgress()
            try console.result(json ? JSON.text(VerifyDocument(report)) : text(report))
            guard report.damaged.isEmpty else {
                throw Failure(
                    .integrity, "Damaged records: \(report.damaged.count) of \(report.records).",
                    hint: "Put those keys again, restore a backup, or delete them.")
            }
        }
    }

    private func text(_ report: VerifyReport) -> String {
        let lines = report.damaged.map { "damaged: \($0.id) (revision \($0.revision)): \($0.reason)" }
        return (lines + ["Verified \(report.records.keys), \(report.damaged.count) damaged."]).joined(separator: "\n")
    }
}

/// What `verify --json` prints.
private struct VerifyDocument: Encodable {
    struct Damage: Encodable {
        let tenant, provider, label: String
        let revision: UInt64
        let reason: String
    }

    let records: Int
    let damaged: [Damage]

    init(_ report: VerifyReport) {
        records = report.records
        damaged = report.damaged.map {
            Damage(
                tenant: $0.id.tenant, provider: $0.id.provider, label: $0.id.label, revision: $0.revision,
                reason: $0.reason)
        }
    }
}
