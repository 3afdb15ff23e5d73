import ArgumentParser
import Foundation
import KeyVault

/// What every command takes that opens a vault: where the vault is, where its key is, and how to speak.
struct GlobalOptions: ParsableArguments {
    @OptionGroup var place: StoreOptions

    @Option(
        name: .customLong("master-key-file"),
        help: ArgumentHelp(
            "The file that holds the master key; may repeat while keys are rotated. Default: $KEYVAULT_MASTER_KEY_FILE (several are "
                + "separated by commas), else the credential master-key of the service manager, else $XDG_CONFIG_HOME/keyvault/master.key.",
            valueName: "F"),
        completion: .file(), transform: String.path)
    var masterKeyFiles: [String] = []

    @Flag(
        name: .customLong("passphrase"),
        help: "Open the vault by its passphrase: asked for, or in the file that $KEYVAULT_PASSPHRASE_FILE names.")
    var usesPassphrase = false

    @OptionGroup var manner: ConsoleOptions

    var console: Console { manner.console }

    var storeURL: StoreURL { get throws { try place.storeURL } }

    /// The key files that were named; else what the service manager hands over; else the default one.
    var masterKeyPaths: [String] {
        get throws {
            if !masterKeyFiles.isEmpty { return masterKeyFiles }
            // As the server reads it: a comma at the end names nothing, and commas alone are as good as no variable.
            let listed = (Environment["KEYVAULT_MASTER_KEY_FILE"] ?? "").split(separator: ",")
                .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
            if !listed.isEmpty { return listed }
            if let path = ServiceCredential.path(named: "master-key") { return [path] }
            return [try DefaultPaths.masterKey]
        }
    }

    /// The vault's passphrase, where it is to be opened by one.
    func passphrase() throws -> Secret? { usesPassphrase ? try PassphraseInput.read() : nil }

    /// Opens the vault, runs `body` on it, and closes it.
    ///
    /// - Parameters:
    ///   - validator: asks providers about keys before they are stored; `nil` for nobody.
    ///   - checks: what becomes of keys that are in doubt.
    func withVault<Result>(
        asking validator: (any ProviderValidator)? = nil, checks: CheckPolicy = .lenient,
        _ body: (Vault) async throws -> Result
    ) async throws -> Result {
        try await withVault(at: storeURL, asking: validator, checks: checks) { vault, _ in try await body(vault) }
    }

    /// Opens the vault at `url`, runs `body` on it and on the store beneath, and closes it.
    ///
    /// - Parameters:
    ///   - more: keys to hold beside those of the options.
    ///   - passphrase: what ``passphrase()`` gave, where it was asked for already.
    func withVault<Result>(
        at url: StoreURL, adding more: MasterKeyRing? = nil, passphrase: Secret? = nil,
        asking validator: (any ProviderValidator)? = nil, checks: CheckPolicy = .lenient,
        _ body: (Vault, any RecordStore) async throws -> Result
    ) async throws -> Result {
        let store = try await url.open()
        let vault: Vault
        do {
            let passphrase = try passphrase ?? self.passphrase()
            let configuration = VaultConfiguration(
                providers: try LiveChecks.registry(), validator: validator, checks: checks)
            vault = try await open(store, passphrase, adding: more, configuration)
        } catch {
            await store.close()
            throw namingOptions(error)
        }
        do {
            let result = try await body(vault, store)
            await vault.close()
            return result
        } catch {
            await vault.close()
            throw namingOptions(error)
        }
    }

    /// Only here is it known by what the vault was opened, and so which options would help.
    private func namingOptions(_ error: any Error) -> any Error {
        guard !usesPassphrase, let error = error as? VaultError else { return error }
        return Failure(keyFiles: error)
    }

    private func open(
        _ store: any RecordStore, _ passphrase: Secret?, adding more: MasterKeyRing?,
        _ configuration: VaultConfiguration
    ) async throws -> Vault {
        if let passphrase {
            let keys = KeySource(first: PassphraseSource(passphrase), more: more)
            return try await Vault.open(store, keys: keys, configuration: configuration)
        }
        let keys = KeySource(first: try MasterKeyFile(paths: masterKeyPaths), more: more)
        return try await Vault.open(store, keys: keys, configuration: configuration)
    }
}

/// A source and keys beside it: those that a rotation goes to.
private struct KeySource<First: MasterKeySource>: MasterKeySource {
    let first: First
    let more: MasterKeyRing?

    func masterKeys(for request: MasterKeyRequest) async throws -> MasterKeyRing {
        var ring = try await first.masterKeys(for: request)
        if let more { ring.add(more) }
        return ring
    }
}
