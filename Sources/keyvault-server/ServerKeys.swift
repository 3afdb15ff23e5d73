import KeyVault
import Synchronization

/// The master keys in the files that the settings name, read whenever the vault asks.
final class ServerKeys: MasterKeySource {
    private let files: Mutex<MasterKeyFile>

    init(_ settings: ServerSettings) throws(StartFailure) { files = Mutex(try Self.files(settings)) }

    func masterKeys(for request: MasterKeyRequest) async throws -> MasterKeyRing {
        try await files.withLock { $0 }.masterKeys(for: request)
    }

    /// Makes `vault` hold the keys that `settings` name. Where that fails, everything stays as it was.
    ///
    /// - Returns: the keys that it holds now.
    func reload(_ settings: ServerSettings, for vault: Vault) async throws -> [MasterKeyID] {
        let before = files.withLock { $0 }
        let after = try Self.files(settings)
        files.withLock { $0 = after }
        do {
            return try await vault.reloadMasterKeys()
        } catch {
            files.withLock { $0 = before }
            throw error
        }
    }

    private static func files(_ settings: ServerSettings) throws(StartFailure) -> MasterKeyFile {
        if !settings.masterKeyFiles.isEmpty { return MasterKeyFile(paths: settings.masterKeyFiles) }
        if let path = ServiceCredential.path(named: "master-key") { return MasterKeyFile(path) }
        guard let path = MasterKeyFile.defaultPath else {
            throw StartFailure("No master-key file is named, and neither XDG_CONFIG_HOME nor HOME is set. Name one.")
        }
        return MasterKeyFile(path)
    }
}
