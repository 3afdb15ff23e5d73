import ArgumentParser
import KeyVault

/// `keyvault verify`
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Open every key and name those that are damaged.",
        discussion: """
            Earlier revisions are opened too. The exit code is 7 where something is damaged, else 6 where a master key is missing, \
            else 1 where a later release is needed.
            """)

    @Flag(help: "Print a JSON object.")
    var json = false

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        try await options.withVault { vault in
            let console = options.console
            let report = try await vault.verify { report in console.progress("\(report.records.keys) verified") }
            console.endProgress()
            if json { try console.result(json: VerifyDocument(report)) } else { try console.result(text(report)) }
            let (damaged, unopened) = (report.damaged.damaged, report.damaged.unopened)
            guard damaged.isEmpty else {
                throw Failure(
                    .integrity, "Damaged records: \(damaged.count) of \(report.records).",
                    hint: "Put those keys again, restore a backup, or delete them.")
            }
            guard unopened.isEmpty else {
                throw Failure(unreadable: unopened.reason, "Records that could not be opened: \(unopened.count).")
            }
        }
    }

    private func text(_ report: VerifyReport) -> String {
        let lines = report.damaged.map {
            "\($0.code.stateOfUnreadable): \($0.id) (revision \($0.revision)): \($0.reason)"
        }
        let unopened = report.damaged.unopened.count
        let sum = "\(report.damaged.damaged.count) damaged" + (unopened == 0 ? "" : ", \(unopened) not opened")
        return (lines + ["Verified \(report.records.keys), \(sum)."]).joined(separator: "\n")
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
    /// Those that may well be sound: their master key is missing, or a later release is needed. Left out where there are none.
    let unopened: [Damage]?

    init(_ report: VerifyReport) {
        records = report.records
        damaged = report.damaged.damaged.map(Damage.init)
        unopened = report.damaged.unopened.isEmpty ? nil : report.damaged.unopened.map(Damage.init)
    }
}

extension VerifyDocument.Damage {
    init(_ damage: VerifyReport.Damage) {
        (tenant, provider, label) = (damage.id.tenant, damage.id.provider, damage.id.label)
        (revision, reason) = (damage.revision, damage.reason)
    }
}
