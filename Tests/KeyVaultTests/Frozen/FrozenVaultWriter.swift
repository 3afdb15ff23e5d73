import Foundation
import KeyVault
import KeyVaultCrypto
import KeyVaultFormat
import KeyVaultSQLite
import KeyVaultStorage
import TestSupport
import Testing

/// Writes the frozen files of a version, once, before its release: `KEYVAULT_WRITE_FROZEN=v1 swift test --filter Frozen`.
///
/// The program writes the vault; what it holds is told by the other implementation.
@Suite(
    "Frozen files: writer", .serialized,
    .enabled(if: FrozenVault.versionToWrite != nil, "KEYVAULT_WRITE_FROZEN is not set: frozen files stay as they are"),
    .enabled(if: Python.isThere, Python.notice)
) struct FrozenVaultWriter {
    private static let oldKey = VectorKeys.bytes(32, seed: 101)
    private static let key = VectorKeys.bytes(32, seed: 102)
    private static let passphrase = "correct horse battery staple"
    private static let written = Date(timeIntervalSince1970: 1_790_000_000)

    private static let settings = VaultConfiguration(date: { written })

    @Test func writeDatabase() async throws {
        try await write(.sqlite) { path in
            let store = try await SQLiteStore.open(path, create: true)
            let vault = try await Vault.create(
                in: store, masterKey: HeaderSample.ring([Self.oldKey]), configuration: Self.settings)
            try await putKeys(in: vault)
            try await insertKeysInEveryState(in: vault, store)
            _ = try await vault.rotateMasterKey(to: HeaderSample.ring([Self.key]))
            try await vault.setPassphrase(Secret(Self.passphrase))
            try await put("acme/self-hosted", "sk-sealed-after-the-rotation-0001", in: vault)
            // The last connection copies the log into the database and removes it.
            await vault.close()
        }
    }

    /// Every kind of frame, before a compaction and behind it: the log that is closed is of the second generation.
    @Test func writeLog() async throws {
        try await write(.flat) { path in
            let store = try await FileStore.open(path, create: true)
            let vault = try await Vault.create(
                in: store, masterKey: HeaderSample.ring([Self.oldKey]), configuration: Self.settings)
            try await put("acme/openai", "sk-first-key-of-acme-0123456789", in: vault)
            try await put("acme/openai", "sk-second-key-of-acme-0123456789", keepPreviousFor: .seconds(60), in: vault)
            try await put("gone/openai", "deleted", in: vault)
            try await vault.delete(RecordID("gone/openai"))
            try await store.compact()

            let requests = try ["anthropic", "mistral"].map {
                try PutRequest(RecordID("acme/\($0)"), Secret("sk-of-one-batch-\($0)-0123456789"))
            }
            _ = try await vault.putUnchecked(requests)
            try await put(
                "acme/openai", "sk-third-key-of-acme-0123456789", keepPreviousFor: .seconds(1_000_000_000), in: vault)
            try await put("acme/mistral", "sk-that-replaces-one-of-the-batch", in: vault)
            try await put("gone/openai", "put again after it was deleted", in: vault)
            try await put("gone/again", "deleted behind the compaction", in: vault)
            try await vault.delete(RecordID("gone/again"))
            try await put("caf\u{E9}/openai", "the tenant is composed, 0123456789", in: vault)
            try await put("cafe\u{301}/openai", "the tenant is decomposed, 0123456789", in: vault)
            try await put("_own/keyvault", "a record of the vault's own", in: vault)
            _ = try await vault.rotateMasterKey(to: HeaderSample.ring([Self.key]))
            try await vault.setPassphrase(Secret(Self.passphrase))
            try await put("umbrella/self-hosted", "sk-sealed-after-the-rotation-0001", in: vault)
            await vault.close()
        }
    }

    /// Writes a vault of one form beside those that are there, which stay as they are.
    private func write(_ form: FrozenVault.Form, _ make: (_ path: String) async throws -> Void) async throws {
        let folder = FrozenVault.folder(try #require(FrozenVault.versionToWrite))
        let path = folder.appending(path: form.file).path
        guard !FileManager.default.fileExists(atPath: path) else { return }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try await make(path)
        try FileManager.default.removeItem(atPath: path + "-lock")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(Set(files.filter { $0.hasPrefix(form.file) }) == Set(form.files))

        try Data((Self.key.hexadecimal + "\n").utf8).write(to: folder.appending(path: "master.key"))
        try Data(Self.passphrase.utf8).write(to: folder.appending(path: "passphrase"))
        try await writeContents(form, of: folder)
    }

    /// Everything that the program's own calls make: several tenants and labels, orders, ends, retained revisions.
    private func putKeys(in vault: Vault) async throws {
        let (past, future) = (Self.written + 86_400, Date(timeIntervalSince1970: 4_000_000_000))
        try await put("acme/openai", "sk-first-key-of-acme-0123456789", in: vault)
        try await put("acme/openai", "sk-second-key-of-acme-0123456789", keepPreviousFor: .seconds(60), in: vault)
        try await put(
            "acme/openai", "sk-third-key-of-acme-0123456789", keepPreviousFor: .seconds(1_000_000_000), in: vault)
        try await put("acme/openai/backup", "sk-backup-key-of-acme-0123456789", order: 1, in: vault)
        try await put("acme/openai/last", "23 bytes have no hint..", order: 65_535, in: vault)
        try await put("acme/anthropic", "sk-ant-short-lived-0123456789", expires: past, in: vault)
        try await put("acme/mistral", "long-lived-0123456789-0123456789", expires: future, in: vault)
        try await put("globex/openai", "x", in: vault)
        try await put("caf\u{E9}/openai", "the tenant is composed, 0123456789", in: vault)
        try await put("cafe\u{301}/openai", "the tenant is decomposed, 0123456789", in: vault)
        try await put("\u{1F511} \u{540D}\u{524D}/\u{FB01}rm/\u{212B}", "\u{43A}\u{43B}\u{44E}\u{447}", in: vault)
        try await put(String(repeating: "t", count: 255) + "/p/l", "the longest name", in: vault)
        try await put("_own/keyvault", "a record of the vault's own", in: vault)
        // Its revision begins above those that were deleted.
        try await put("gone/openai", "deleted", in: vault)
        try await vault.delete(RecordID("gone/openai"))
        try await put("gone/openai", "put again after it was deleted", in: vault)
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

    private func put(
        _ reference: String, _ secret: String, expires: Date? = nil, keepPreviousFor: Duration? = nil,
        order: UInt16? = nil, in vault: Vault
    ) async throws {
        let request = try PutRequest(
            RecordID(reference), Secret(secret), expires: expires, keepPreviousFor: keepPreviousFor, order: order)
        _ = try await vault.putUnchecked([request])
    }

    private func writeContents(_ form: FrozenVault.Form, of folder: URL) async throws {
        try await TemporaryFolder.with { other in
            for name in form.files {
                try FileManager.default.copyItem(at: folder.appending(path: name), to: other.appending(path: name))
            }
            let request = InteropDump(path: other.appending(path: form.file).path, masterKey: Self.key)
            let encoder = JSONEncoder()
            encoder.keyEncodingStrategy = .convertToSnakeCase
            let answer = try await Python.run(["interop.py", "dump"], input: encoder.encode(request))
            try (answer + Data("\n".utf8)).write(to: folder.appending(path: form.contents))
        }
    }
}
