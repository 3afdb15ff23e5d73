import Foundation
import KeyVault
import KeyVaultFormat
import KeyVaultStorage
import TestSupport
import Testing

/// Vaults of every released version open for good (SPEC.md section 8): the files of `Tests/Frozen` stay as they are.
@Suite("Frozen files") struct FrozenVaultTests {
    @Test(arguments: ["v1"], FrozenVault.Form.allCases)
    func everyRecordIsWhatItWas(_ version: String, _ form: FrozenVault.Form) async throws {
        try await TemporaryFolder.with { folder in
            let frozen = try FrozenVault(version, form, copiedTo: folder)
            let store = try await frozen.open()
            let header = frozen.contents.header
            let vault = try await Vault.open(
                store, keys: MasterKeyFile(frozen.keyFile), expecting: VaultID(header.vaultID.bytes),
                configuration: VaultConfiguration(date: { FrozenVault.now }))
            let head = try #require(try await store.readHead())
            #expect(try InteropHeader(StoredHeader(head.header).header) == header)

            let expected = frozen.contents.records
            let rows = try await RowReader(vaultID: vault.id, masterKey: frozen.masterKey).rows(of: store)
            #expect(rows.count == expected.count)
            for row in expected where try rows[row.key] != RowReader.Row(row) {
                Issue.record("\(try row.id) is something else")
            }
            try await checkUse(of: vault, expected)
            await vault.close()
        }
    }

    @Test(arguments: ["v1"], [FrozenVault.Form.sqlite, .flat])
    func thePassphraseOpensIt(_ version: String, _ form: FrozenVault.Form) async throws {
        try await TemporaryFolder.with { folder in
            let frozen = try FrozenVault(version, form, copiedTo: folder)
            let source = PassphraseSource(try Secret(frozen.passphrase))
            let vault = try await Vault.open(frozen.open(), keys: source)
            #expect(vault.id.bytes == frozen.contents.header.vaultID.bytes)
            await vault.close()
        }
    }

    /// A hint that is ignored is not missed; but damage below its checkpoint is met at opening without it alone.
    @Test(arguments: ["v1"]) func theHintIsUsed(_ version: String) async throws {
        func damaged(_ form: FrozenVault.Form, in folder: URL) throws -> FrozenVault {
            let frozen = try FrozenVault(version, form, copiedTo: folder)
            var log = try Data(contentsOf: URL(filePath: frozen.path))
            // The last byte before the last frame, a checkpoint.
            log[log.count - 48 - 1] ^= 1
            try log.write(to: URL(filePath: frozen.path))
            return frozen
        }
        try await TemporaryFolder.with { folder in
            let store = try await damaged(.flat, in: folder).open()
            #expect(try await store.readHead() != nil)
            await store.close()
        }
        try await TemporaryFolder.with { folder in
            let frozen = try damaged(.flatWithoutHint, in: folder)
            await #expect(throws: StoreError(.corrupt, "")) { try await frozen.open() }
        }
    }

    /// The vault as its users see it, and go on using it.
    private func checkUse(of vault: Vault, _ rows: [InteropRow]) async throws {
        let current = try rows.filter { row in try row.kind == .current && !row.id.isReserved }
        #expect(try await vault.list(limit: 1000).entries.map(\.id) == current.map { row in try row.id })
        for row in current { try await checkServed(row, in: vault) }
        for row in rows where row.kind == .retained { try await checkRetained(row, in: vault) }
        #expect(try await vault.verify().damaged.isEmpty)

        let last = try #require(current.last)
        #expect(try await vault.put(Secret("one more"), for: last.id).revision == (last.revision ?? 0) + 1)
    }

    private func checkServed(_ row: InteropRow, in vault: Vault) async throws {
        let id = try row.id
        let metadata = try #require(row.metadata)
        let now = Timestamp(FrozenVault.now).milliseconds
        #expect(try await vault.metadata(for: id).revision == row.revision)
        if metadata.expires != 0, metadata.expires <= now {
            await #expect(throws: VaultError(.expired, "")) { try await vault.withSecret(id, bytes) }
        } else if metadata.state == 1, metadata.until == 0 || metadata.until > now {
            await #expect(throws: VaultError(.disabled, "")) { try await vault.withSecret(id, bytes) }
        } else {
            #expect(try await vault.withSecret(id, bytes) == row.secret?.bytes)
        }
    }

    private func checkRetained(_ row: InteropRow, in vault: Vault) async throws {
        let (id, revision) = (try row.id, row.revision ?? 0)
        let until = row.metadata?.until ?? 0
        if until != 0, until <= Timestamp(FrozenVault.now).milliseconds {
            await #expect(throws: VaultError(.expired, "")) {
                try await vault.withSecret(id, revision: revision, bytes)
            }
        } else {
            #expect(try await vault.withSecret(id, revision: revision, bytes) == row.secret?.bytes)
        }
    }

    private func bytes(_ secret: RawSpan) -> [UInt8] {
        // The bytes are copied before the closure ends.
        unsafe secret.withUnsafeBytes { unsafe Array($0) }
    }
}
