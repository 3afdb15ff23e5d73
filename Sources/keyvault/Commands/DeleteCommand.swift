import ArgumentParser
import KeyVault

/// `keyvault delete`
struct DeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete a key with its earlier revisions, or all keys of a tenant.",
        discussion: """
            Asks first on a terminal, but for --revision. Elsewhere one key is deleted without a question; --all needs --yes.
            """)

    @Argument(help: ArgumentHelp("Which key; with --all, whose keys.", valueName: "REF | TENANT"))
    var target: String

    @Flag(help: "Delete every key of the tenant.")
    var all = false

    @Option(help: ArgumentHelp("Delete only this earlier revision of a key.", valueName: "N"))
    var revision: UInt64?

    @Flag(help: "Do not ask.")
    var yes = false

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        switch (all, revision) {
        case (true, nil): try await deleteTenant()
        case (false, nil): try await deleteKey(try RecordID(target))
        case (false, let revision?): try await deleteRevision(revision, of: try RecordID(target))
        case (true, _?):
            throw Failure(.usage, "--all and --revision exclude each other.", hint: "See 'keyvault delete --help'.")
        }
    }

    private func deleteRevision(_ revision: UInt64, of id: RecordID) async throws {
        try await options.withVault { vault in
            // Also one whose time has ended: it is not listed any more, and there until the vault is swept.
            guard try await vault.deleteRevision(revision, of: id) else {
                throw Failure(
                    .notFound, "No revision \(revision) of \(id) is kept.",
                    hint: "See what is there with 'keyvault history'.")
            }
            try options.console.say("Deleted revision \(revision) of \(id).")
        }
    }

    private func deleteKey(_ id: RecordID) async throws {
        try await options.withVault { vault in
            if StandardStream.input.isTerminal { try confirm("Delete \(id)?") }
            guard try await vault.delete(id) else {
                throw Failure(.notFound, "No key is stored for \(id).", hint: "See what is there with 'keyvault list'.")
            }
            try options.console.say("Deleted \(id).")
        }
    }

    private func deleteTenant() async throws {
        // Not repeated, as no value that is wrong.
        guard !target.contains("/") else {
            throw Failure(
                .usage, "--all takes a tenant alone.",
                hint: "Leave out the provider; or, to delete one key, leave out --all.")
        }
        try await options.withVault { vault in
            var count = 0
            for try await entries in vault.pages(of: target) { count += entries.count }
            guard count > 0 else {
                throw Failure(
                    .notFound, "No keys are stored for \(target).", hint: "See what is there with 'keyvault list'.")
            }
            try confirm("Delete \(count.keys) of \(target)?")
            try await vault.deleteAll(of: target)
            try options.console.say("Deleted \(count.keys) of \(target).")
        }
    }

    /// Goes on only when somebody says yes.
    private func confirm(_ question: String) throws(Failure) {
        if yes { return }
        guard StandardStream.input.isTerminal else {
            throw Failure(.refused, "Nobody is there to say yes.", hint: "Use --yes to delete without a question.")
        }
        try StandardStream.error.write("\(question.onOneLine) [y/N] ")
        guard let answer = readLine(), ["y", "yes"].contains(answer.lowercased()) else {
            throw Failure(.refused, "Nothing was deleted.", hint: "Answer y to delete.")
        }
    }
}
