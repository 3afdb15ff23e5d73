import ArgumentParser
import Foundation
import KeyVault

/// `keyvault init`
struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Create a vault, and a master key where there is none yet.",
        discussion:
            "The key file is made with mode 0600. Without that key nothing in the vault opens: keep a copy elsewhere.")

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let (url, paths) = (try options.storeURL, try options.masterKeyPaths)
        guard paths.count == 1, let keyPath = paths.first else {
            throw Failure(.usage, "A new vault has one master key.", hint: "Name one --master-key-file.")
        }
        let store = try await url.open(create: true)
        do {
            // Before a key is made that nobody needs.
            guard try await store.readHead() == nil else {
                throw Failure(.other, "There is a vault in \(url) already.", hint: "Use it, or name another --store.")
            }
            let (ring, isNew) = try masterKey(at: keyPath)
            let vault = try await Vault.create(in: store, masterKey: ring)
            try report(vault, url, keyPath: keyPath, isNew: isNew)
            await vault.close()
        } catch {
            await store.close()
            throw error
        }
    }

    /// The key in the file, or a new one.
    private func masterKey(at path: String) throws -> (ring: MasterKeyRing, isNew: Bool) {
        guard !FileManager.default.fileExists(atPath: path) else { return (try MasterKeyFile(path).load(), false) }
        if path == (try? DefaultPaths.masterKey) { try DefaultPaths.makeDirectory(of: path) }
        return (MasterKeyRing(try MasterKeyFile.create(at: path)), true)
    }

    private func report(_ vault: Vault, _ url: StoreURL, keyPath: String, isNew: Bool) throws(Failure) {
        try options.console.say("Created the vault \(vault.id) in \(url).")
        try options.console.say(
            isNew
                ? "Made its master key, \(keyPath). Keep a copy in a safe place: without it, nothing opens."
                : "Its master key is the one in \(keyPath).")
    }
}
