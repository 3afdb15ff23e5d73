import ArgumentParser
import KeyVault

/// `keyvault rollback`
struct RollbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Make an earlier revision of a key the current one again.")

    @Argument(help: "Which key: TENANT/PROVIDER or TENANT/PROVIDER/LABEL.")
    var reference: RecordID

    @Option(help: ArgumentHelp("Which revision. Default: the newest that is kept.", valueName: "N"))
    var revision: UInt64?

    @Option(
        name: .customLong("keep-previous"), help: "How long the replaced key can still be read. Default: not at all.")
    var keepPrevious: Duration?

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        try await options.withVault { vault in
            let info = try await rollback(in: vault)
            try options.console.say("Rolled \(reference) back; it is revision \(info.revision) now.")
        }
    }

    private func rollback(in vault: Vault) async throws -> RecordInfo {
        do throws(VaultError) {
            return try await vault.rollback(reference, to: revision, keepPreviousFor: keepPrevious)
        } catch {
            // The engine does not know how a revision is kept here. Where the key itself is not there, its history says so.
            guard error.code == .notFound, revision == nil, try await vault.history(of: reference).count == 1 else {
                throw error
            }
            throw Failure(
                .notFound, "No earlier revision of \(reference) is kept.",
                hint: "Replace a key with 'keyvault put --keep-previous', and it can be rolled back to.")
        }
    }
}
