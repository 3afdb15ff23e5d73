import ArgumentParser
import Foundation
import KeyVault

/// `keyvault restore`
struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Make a vault of a backup, at a place where none is, and verify it.",
        discussion: """
            The place is the one that --store names. Nothing is ever overwritten. The vault's file belongs to \
            whoever runs this: run it as the user of the server, not as root.
            """)

    @Argument(help: ArgumentHelp("What 'keyvault backup' wrote.", valueName: "IN"), completion: .file())
    var path: String

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let target = try options.storeURL
        let source = try target.sibling(path)
        try check(source, target)
        try await VaultCopy(options: options).run(from: source, to: target, method: .wholeStore)
    }

    /// The stores would say that a vault is to be made where the backup is not, and speak of the target as of a backup.
    private func check(_ source: StoreURL, _ target: StoreURL) throws(Failure) {
        guard FileManager.default.fileExists(atPath: source.path) else {
            throw Failure(.notFound, "There is no backup at \(source).", hint: "Name what 'keyvault backup' wrote.")
        }
        // It is opened like any store. A backup is not made writable for that, least of all the only one.
        guard FileManager.default.isWritableFile(atPath: source.path) else {
            throw Failure(
                .other, "\(source) may not be written to, and a store is never opened without.",
                hint: "Copy it into a directory of your own, and restore from there.")
        }
        // A copy into a file store that was broken off goes on.
        guard target.isFileStore || !FileManager.default.fileExists(atPath: target.path) else {
            throw Failure(
                .other, "\(target) exists.",
                hint: "'keyvault restore' never replaces a file: name another --store, or remove it.")
        }
    }
}
