import Foundation
import KeyVault
import KeyVaultFormat

/// The files of one released version, copied to where they may be used: what is committed is never written to.
struct FrozenVault {
    /// What `interop.py dump` said of the vault when it was frozen.
    struct Contents: Decodable {
        let header: InteropHeader
        /// Every row, in order.
        let records: [InteropRow]

        private enum CodingKeys: CodingKey { case records }

        init(from decoder: any Decoder) throws {
            header = try InteropHeader(from: decoder)
            records = try decoder.container(keyedBy: CodingKeys.self).decode([InteropRow].self, forKey: .records)
        }
    }

    /// When the frozen vaults are looked at: some of their keys have ended by then, some have not.
    static let now = Date(timeIntervalSince1970: 1_800_000_000)

    /// The version whose files are to be written now; `nil` at all other times.
    static let versionToWrite = ProcessInfo.processInfo.environment["KEYVAULT_WRITE_FROZEN"]

    let database: String
    let keyFile: String
    let masterKey: [UInt8]
    let passphrase: String
    let contents: Contents

    /// Copies the files into `folder`.
    init(_ version: String, copiedTo folder: URL) throws {
        let original = Self.folder(version)
        for name in ["vault.db", "master.key"] {
            try FileManager.default.copyItem(at: original.appending(path: name), to: folder.appending(path: name))
        }
        database = folder.appending(path: "vault.db").path
        keyFile = folder.appending(path: "master.key").path
        // Git does not keep modes; a key file that others can read is refused.
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: keyFile)
        let text = try String(contentsOf: original.appending(path: "master.key"), encoding: .utf8)
        masterKey = [UInt8](hexadecimal: String(text.prefix(64))) ?? []
        passphrase = try String(contentsOf: original.appending(path: "passphrase"), encoding: .utf8)
        contents = try JSONDecoder().decode(
            Contents.self, from: Data(contentsOf: original.appending(path: "contents.json")))
    }

    static func folder(_ version: String) -> URL {
        URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Frozen/\(version)").standardized
    }
}
