import ArgumentParser
import Foundation
import KeyVault

/// `keyvault rotate`
struct RotateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Replace the master key.", subcommands: [RotateMasterCommand.self])
}

/// `keyvault rotate master`
struct RotateMasterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "master",
        abstract: "Move the vault to another master key while it stays in use.",
        discussion: """
            While other processes use the vault: make the key with 'keyvault master-key create F', give each of them both, the \
            old one first (KEYVAULT_MASTER_KEY_FILE=OLD,F, or --master-key-file twice), and restart them. Then rotate, and take \
            the old key away from them. A rotation that was broken off goes on when it is called again in the same way.

            When it has ended, the old key opens this vault no more. Backups from before still open by it, and by no other: keep it \
            for them, or make new backups and destroy the old ones with the key. Whoever stole the key can open them, too.

            --re-encrypt needs a fresh key: what an earlier run without it has moved to the same key keeps its data key. Where the \
            vault opens by a passphrase, change that too ('keyvault passphrase change'), once the rotation has ended: a header \
            of before opens by it, and whoever stole the old key can put one back.

            --json prints four numbers: records, onActiveKey (of them, under the new key now), rewrapped (moved by this run) and \
            failed (they do not open, stay as they are, and keep the old key live). The error names up to five of those that \
            failed; 'keyvault verify --json' names all.
            """)

    @Option(
        name: .customLong("new-master-key-file"),
        help: ArgumentHelp("The file of the new key; made where there is none.", valueName: "F"), completion: .file(),
        transform: String.path)
    var newKeyPath: String

    @Flag(name: .customLong("dry-run"), help: "Say what would be done, and do nothing.")
    var isDryRun = false

    @Flag(
        name: .customLong("re-encrypt"),
        help: "Seal every key anew under a fresh data key: after the old master key was stolen.")
    var reEncrypts = false

    @Flag(help: "Print a JSON object of four numbers.")
    var json = false

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let passphrase = try options.passphrase()
        let new = try await newKey(passphrase)
        try await options.withVault(at: options.storeURL, adding: new, passphrase: passphrase) { vault, _ in
            let bar = try await ProgressBar(options.console, vault: vault)
            let report = try await vault.rotateMasterKey(
                to: new, mode: reEncrypts ? .reEncrypt : .rewrap, passphrase: passphrase, dryRun: isDryRun
            ) { bar.show($0.records) }
            bar.end()
            let text = text(report, hasPassphrase: passphrase != nil)
            if json {
                try options.console.result(json: RotationDocument(report))
            } else {
                try options.console.result(text)
            }
            try check(report)
        }
    }

    /// The key in the file, or a new one: on the disk before the vault gets to know it.
    private func newKey(_ passphrase: Secret?) async throws -> MasterKeyRing {
        // A link that leads nowhere is something too: no key can be made there.
        guard (try? FileManager.default.attributesOfItem(atPath: newKeyPath)) == nil else {
            return try MasterKeyFile(newKeyPath).load()
        }
        guard !isDryRun else {
            throw Failure(
                .masterKey, "There is no key in \(newKeyPath).",
                hint: "Make one with 'keyvault master-key create'. Without --dry-run, that is tried first.")
        }
        // Before a key is made that nobody needs. The vault is opened anew with the key: its source must have it throughout. Where that
        // file is one of those that open the vault, it has to be made first.
        if try options.usesPassphrase || !options.masterKeyPaths.contains(newKeyPath) {
            try await options.withVault(at: options.storeURL, passphrase: passphrase) { _, _ in }
        }
        let ring = MasterKeyRing(try MasterKeyFile.create(at: newKeyPath))
        if !json { try options.console.say("Made a new master key, \(newKeyPath). Keep a copy in a safe place.") }
        return ring
    }

    private func text(_ report: RotationReport, hasPassphrase: Bool) -> String {
        if isDryRun { return "Would move \(report.rewrapped) of \(report.records) records to the new master key." }
        var text = "Moved \(report.rewrapped) of \(report.records) records to the new master key."
        if !report.retired.isEmpty {
            text += " The old one is retired: set KEYVAULT_MASTER_KEY_FILE to \(newKeyPath)."
            text += " Backups from before still open by the old one, and not by this."
            if hasPassphrase, reEncrypts {
                text += " Change the passphrase now ('keyvault passphrase change'): a header of before opens by it."
            }
        }
        return text
    }

    private func check(_ report: RotationReport) throws(Failure) {
        guard !report.failed.isEmpty else { return }
        let (what, damaged) = ("Records that do not open stay under the old master key", report.failed.damaged)
        guard !damaged.isEmpty else {
            throw Failure(unreadable: report.failed.reason, "\(what): \(report.failed.summary).")
        }
        throw Failure(
            .integrity, "\(what): \(damaged.summary).",
            hint: "Put those keys again or delete them, then rotate again; until then, both master keys are needed.")
    }
}

/// What `rotate master --json` prints.
private struct RotationDocument: Encodable {
    let records, onActiveKey, rewrapped, failed: Int

    init(_ report: RotationReport) {
        (records, onActiveKey) = (report.records, report.onActiveKey)
        (rewrapped, failed) = (report.rewrapped, report.failed.count)
    }
}
