import ArgumentParser
import KeyVault

/// `keyvault history`
struct HistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "List the revisions of a key, the newest first.",
        discussion: "Earlier revisions are there when they were replaced with 'put --keep-previous'.")

    @Argument(help: "Which key: TENANT/PROVIDER or TENANT/PROVIDER/LABEL.")
    var reference: RecordID

    @Flag(help: "Print a JSON array.")
    var json = false

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        try await options.withVault { vault in
            let history = try await vault.history(of: reference)
            if json {
                try options.console.result(json: history.map(RevisionDocument.init))
            } else {
                var table = Table("REVISION", "HINT", "UPDATED", "KEPT UNTIL")
                let lines = table.lines(history.map(\.cells), style: options.console.style) { $1 }
                try StandardStream.output.write(lines)
            }
        }
    }
}

extension HistoryEntry {
    fileprivate var cells: [String] {
        guard let metadata else { return ["\(revision)", code?.stateOfUnreadable ?? "–", "–", "–"] }
        return [
            "\(revision)", metadata.hint?.description ?? "–", metadata.updated.inUTC,
            isCurrent ? "current" : metadata.retainedUntil?.inUTC ?? "–",
        ]
    }
}

/// What `history --json` prints of a revision.
private struct RevisionDocument: Encodable {
    private let entry: HistoryEntry

    init(_ entry: HistoryEntry) { self.entry = entry }

    private enum Member: String, CodingKey {
        case revision, current, damaged, unreadable, hint, updated, keptUntil
    }

    func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Member.self)
        try object.encode(entry.revision, forKey: .revision)
        try object.encode(entry.isCurrent, forKey: .current)
        guard let metadata = entry.metadata else {
            try object.encode(unreadable: entry.code, damaged: .damaged, otherwise: .unreadable)
            return
        }
        try object.encode(metadata.hint?.description, forKey: .hint)
        try object.encode(metadata.updated.inUTC, forKey: .updated)
        try object.encode(metadata.retainedUntil?.inUTC, forKey: .keptUntil)
    }
}
