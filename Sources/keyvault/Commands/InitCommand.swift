import ArgumentParser
import Foundation
import KeyVault

/// `keyvault init`
struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Create a vault, and a master key where there is none yet.",
        discussion: """
            The key file is made with mode 0600. Without that key nothing in the vault opens: keep a copy elsewhere.

            With --passphrase there is no key file: the vault keeps its master key itself, wrapped under the passphrase. That \
            is read from the file that $KEYVAULT_PASSPHRASE_FILE names, else asked for on a terminal, else read from standard \
            input.
            """)

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let url = try options.storeURL
        let keyPath = try options.usesPassphrase ? noKeyPath() : oneKeyPath()
        // Before a store is made that a refused passphrase would leave behind. Where one is, it may hold a vault: nobody is asked yet.
        let isThere = FileManager.default.fileExists(atPath: url.path)
        let passphrase = keyPath == nil && !isThere ? try PassphraseInput.readFirst() : nil
        let store = try await url.open(create: true)
        do {
            // Before a key is made that nobody needs, or a passphrase asked for.
            guard try await store.readHead() == nil else {
                throw Failure(.other, "There is a vault in \(url) already.", hint: "Use it, or name another --store.")
            }
            let (vault, advice) = try await create(in: store, keyPath: keyPath, passphrase: passphrase)
            try options.console.say("Created the vault \(vault.id) in \(url).")
            try options.console.say(advice)
            await vault.close()
        } catch {
            await store.close()
            throw error
        }
    }

    private func oneKeyPath() throws -> String {
        let paths = try options.masterKeyPaths
        guard paths.count == 1 else {
            throw Failure(.usage, "A new vault has one master key.", hint: "Name one --master-key-file.")
        }
        return paths[0]
    }

    private func noKeyPath() throws(Failure) -> String? {
        guard options.masterKeyFiles.isEmpty else {
            throw Failure(
                .usage, "A vault under a passphrase has no key file.",
                hint: "Leave out --master-key-file, or --passphrase.")
        }
        return nil
    }

    /// - Parameter passphrase: the one that was asked for already.
    /// - Returns: the vault, and what its owner has to know.
    private func create(
        in store: some RecordStore, keyPath: String?, passphrase: Secret?
    ) async throws -> (vault: Vault, advice: String) {
        guard let keyPath else {
            let passphrase = try passphrase ?? PassphraseInput.readFirst()
            return (
                try await Vault.create(in: store, passphrase: passphrase),
                "It opens by its passphrase, with --passphrase. Keep that in a safe place: without it, nothing opens."
            )
        }
        let (ring, isNew) = try masterKey(at: keyPath)
        return (
            try await Vault.create(in: store, masterKey: ring),
            isNew
                ? "Made its master key, \(keyPath). Keep a copy in a safe place: without it, nothing opens."
                : "Its master key is the one in \(keyPath)."
        )
    }

    /// The key in the file, or a new one.
    private func masterKey(at path: String) throws -> (ring: MasterKeyRing, isNew: Bool) {
        guard !FileManager.default.fileExists(atPath: path) else { return (try MasterKeyFile(path).load(), false) }
        if path == (try? DefaultPaths.masterKey) { try DefaultPaths.makeDirectory(of: path) }
        return (MasterKeyRing(try MasterKeyFile.create(at: path)), true)
    }
}
