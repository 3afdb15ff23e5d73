import Foundation
import KeyVault
import KeyVaultCrypto
import KeyVaultFormat
import KeyVaultSQLite
import KeyVaultStorage
import Testing

/// Writes the frozen files of a version, once, before its release: `KEYVAULT_WRITE_FROZEN=v1 swift test --filter Frozen`.
///
/// The program writes the vault; what it holds is told by the other implementation.
@Suite(
    "Frozen files: writer", .serialized,
    .enabled(if: FrozenVault.versionToWrite != nil, "KEYVAULT_WRITE_FROZEN is not set: frozen files stay as they are"),
    .enabled(if: Python.isThere, Python.notice)
) struct FrozenVaultWriter {
    private struct Dump: Encodable {
        var path: String
        var masterKeys: [HexBytes]
    }

    private static let oldKey = VectorKeys.bytes(32, seed: 101)
    private static let key = VectorKeys.bytes(32, seed: 102)
    private static let passphrase = "correct horse battery staple"
    private static let written = Date(timeIntervalSince1970: 1_790_000_000)

    @Test func write() async throws {
        let folder = FrozenVault.folder(try #require(FrozenVault.versionToWrite))
        try? FileManager.default.removeItem(at: folder)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let database = folder.appending(path: "vault.db")
        let store = try await SQLiteStore.open(database.path, create: true)
        let vault = try await Vault.create(
            in: store, masterKey: HeaderSample.ring([Self.oldKey]),
            configuration: VaultConfiguration(date: { Self.written }))
        try await putKeys(in: vault)
        try await insertKeysInEveryState(in: vault, store)
        _ = try await vault.rotateMasterKey(to: HeaderSample.ring([Self.key]))
        try await vault.setPassphrase(Secret(Self.passphrase))
        try await vault.put(Secret("sk-sealed-after-the-rotation-0001"), for: RecordID("acme/self-hosted"))
        // The last connection copies the log into the database and removes it.
        await vault.close()
        try FileManager.default.removeItem(atPath: database.path + "-lock")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["vault.db"])

        try Data((Self.key.hexadecimal + "\n").utf8).write(to: folder.appending(path: "master.key"))
        try Data(Self.passphrase.utf8).write(to: folder.appending(path: "passphrase"))
        try await writeContents(of: database, to: folder.appending(path: "contents.json"))
    }

    /// Everything that the program's own calls make: several tenants and labels, orders, ends, retained revisions.
    private func putKeys(in vault: Vault) async throws {
        let (past, future) = (Self.written + 86_400, Date(timeIntervalSince1970: 4_000_000_000))
        func put(
            _ reference: String, _ secret: String, expires: Date? = nil, keepPreviousFor: Duration? = nil,
            order: UInt16? = nil
        ) async throws {
            let request = try PutRequest(
                RecordID(reference), Secret(secret), expires: expires, keepPreviousFor: keepPreviousFor, order: order)
            _ = try await vault.putUnchecked([request])
        }
        try await put("acme/openai", "sk-first-key-of-acme-0123456789")
        try await put("acme/openai", "sk-second-key-of-acme-0123456789", keepPreviousFor: .seconds(60))
        try await put("acme/openai", "sk-third-key-of-acme-0123456789", keepPreviousFor: .seconds(1_000_000_000))
        try await put("acme/openai/backup", "sk-backup-key-of-acme-0123456789", order: 1)
        try await put("acme/openai/last", "23 bytes have no hint..", order: 65_535)
        try await put("acme/anthropic", "sk-ant-short-lived-0123456789", expires: past)
        try await put("acme/mistral", "long-lived-0123456789-0123456789", expires: future)
        try await put("globex/openai", "x")
        try await put("caf\u{E9}/openai", "the tenant is composed, 0123456789")
        try await put("cafe\u{301}/openai", "the tenant is decomposed, 0123456789")
        try await put("\u{1F511} \u{540D}\u{524D}/\u{FB01}rm/\u{212B}", "\u{43A}\u{43B}\u{44E}\u{447}")
        try await put(String(repeating: "t", count: 255) + "/p/l", "the longest name")
        try await put("_own/keyvault", "a record of the vault's own")
        // Its revision begins above those that were deleted.
        try await put("gone/openai", "deleted")
        try await vault.delete(RecordID("gone/openai"))
        try await put("gone/openai", "put again after it was deleted")
        let longest = VectorKeys.bytes(65_536, seed: 103)
        // The bytes of a span of bytes have no padding.
        try await vault.put(Secret(copying: longest.span), for: RecordID("globex/self-hosted/64k"))
    }

    /// Rows as the layout allows them, sealed here: whatever state and verdict, with every time set.
    private func insertKeysInEveryState(in vault: Vault, _ store: SQLiteStore) async throws {
        let ends: [UInt64] = [0, 1_795_000_000_000, 4_000_000_000_000]
        let head = try #require(try await store.readHead())
        var changes: [RecordChange] = []
        for verdict in 0..<8 {
            for (index, until) in ends.enumerated() {
                var row = InteropRow(
                    try RecordID(tenant: "states", provider: "verdict \(verdict)", label: "end \(index)"))
                (row.vaultID, row.masterKey) = (HexBytes(bytes: vault.id.bytes), HexBytes(bytes: Self.oldKey))
                row.revision = head.revisionFloor + 1
                let secret = Array("key \(verdict) \(index), 0123456789-0123456789".utf8)
                row.secret = HexBytes(bytes: secret)
                var metadata = InteropMetadata(created: 1_780_000_000_001, updated: 1_785_000_000_002)
                metadata.verdict = UInt8(verdict)
                metadata.validated = 1_789_000_000_003
                metadata.order = UInt16(verdict * 1000 + index)
                metadata.hint = HexBytes(bytes: Hint(of: secret.span)?.bytes ?? [])
                metadata.reason = UInt8(verdict % 4)
                metadata.state = metadata.reason == 0 ? 0 : 1
                metadata.until = metadata.state == 0 ? 0 : until
                row.metadata = metadata
                changes.append(.insert(try row.key, sealed: try row.sealed()))
            }
        }
        try await store.write(WriteBatch(generation: head.generation, changes: changes))
    }

    private func writeContents(of database: URL, to file: URL) async throws {
        try await TemporaryFolder.with { folder in
            let copy = folder.appending(path: "vault.db")
            try FileManager.default.copyItem(at: database, to: copy)
            let request = Dump(path: copy.path, masterKeys: [HexBytes(bytes: Self.key)])
            let encoder = JSONEncoder()
            encoder.keyEncodingStrategy = .convertToSnakeCase
            let answer = try await Python.run(["interop.py", "dump"], input: encoder.encode(request))
            try (answer + Data("\n".utf8)).write(to: file)
        }
    }
}
