import Foundation
import KeyVault

/// Where things are when nobody says so.
enum DefaultPaths {
    /// As `MasterKeyFile.defaultPath` has it, for the server too.
    static var masterKey: String {
        get throws {
            if let path = MasterKeyFile.defaultPath { return path }
            throw Failure(
                .masterKey, "No master-key file is named, and neither XDG_CONFIG_HOME nor HOME is set.",
                hint: "Name one with --master-key-file or KEYVAULT_MASTER_KEY_FILE.")
        }
    }

    /// Makes the directory of the default key file, and those above it, for the owner alone.
    static func makeDirectory(of path: String) throws {
        let directory = URL(filePath: path).deletingLastPathComponent()
        do {
            try FileManager.default.createDirectory(
                at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw Failure(
                .masterKey, "The directory \(directory.path()) of the master key cannot be made.",
                hint: "Make it, or name another file with --master-key-file.")
        }
    }
}
