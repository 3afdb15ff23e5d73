import Foundation
import KeyVault
import KeyVaultFormat
import KeyVaultSQLite
import KeyVaultStorage

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

    /// What a vault of the version is kept in.
    enum Form: String, CaseIterable {
        case sqlite, flat, flatWithoutHint

        var file: String { self == .sqlite ? "vault.db" : "flat.vault" }
        var contents: String { self == .sqlite ? "contents.json" : "flat.json" }
        var files: [String] { self == .flat ? [file, file + "-hint"] : [file] }
    }

    /// When the frozen vaults are looked at: some of their keys have ended by then, some have not.
    static let now = Date(timeIntervalSince1970: 1_800_000_000)

    /// The version whose files are to be written now; `nil` at all other times.
    static let versionToWrite = ProcessInfo.processInfo.environment["KEYVAULT_WRITE_FROZEN"]

    /// Of the vault's own file.
    let path: String
    let keyFile: String
    let masterKey: [UInt8]
    let passphrase: String
    let contents: Contents
    private let form: Form

    /// Copies the files into `folder`.
    init(_ version: String, _ form: Form, copiedTo folder: URL) throws {
        self.form = form
        let original = Self.folder(version)
        for name in form.files + ["master.key"] {
            try FileManager.default.copyItem(at: original.appending(path: name), to: folder.appending(path: name))
        }
        path = folder.appending(path: form.file).path
        keyFile = folder.appending(path: "master.key").path
        // Git does not keep modes; a key file that others can read is refused.
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: keyFile)
        let text = try String(contentsOf: original.appending(path: "master.key"), encoding: .utf8)
        masterKey = [UInt8](hexadecimal: String(text.prefix(64))) ?? []
        passphrase = try String(contentsOf: original.appending(path: "passphrase"), encoding: .utf8)
        contents = try JSONDecoder().decode(
            Contents.self, from: Data(contentsOf: original.appending(path: form.contents)))
    }

    func open() async throws -> any RecordStore {
        switch form {
        case .sqlite: try await SQLiteStore.open(path)
        case .flat, .flatWithoutHint: try await FileStore.open(path)
        }
    }

    static func folder(_ version: String) -> URL {
        URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Frozen/\(version)").standardized
    }
}
