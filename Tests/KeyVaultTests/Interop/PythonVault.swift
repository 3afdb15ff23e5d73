import Foundation
import KeyVault
import KeyVaultFormat
import KeyVaultStorage
import Testing

/// A vault that Python makes: 900 rows and 100 that replace some of them, rotated once and left with two live keys.
struct PythonVault {
    private struct Create: Encodable {
        var path: String
        var flat: Bool
        var masterKeys: [HexBytes]
        var added: UInt64 = 1_700_000_000_000
        var records: [InteropRow]
        var slots: [InteropSlot] = []
        var unfinished: HexBytes?
    }

    private let current: [InteropRow]
    private let replacing: [InteropRow]
    private let header: InteropHeader

    init(at path: String, flat: Bool) async throws {
        current = try InteropSamples.rows(900).map { row in
            var row = row
            row.kind = .current
            if row.metadata?.state == 0 { row.metadata?.until = 0 }
            return row
        }
        replacing = current.prefix(100).map { row in
            var row = row
            row.secret = HexBytes(bytes: Array("the-key-that-replaced-another".utf8))
            row.metadata?.hint = HexBytes(bytes: Array("thether".utf8))
            row.retainUntil = 1_800_000_000_000
            return row
        }
        header = try await Python.run(
            "create",
            Create(
                path: path, flat: flat, masterKeys: [VectorKeys.oldMasterKey, VectorKeys.masterKey].map(HexBytes.init),
                records: current + replacing, unfinished: HexBytes(bytes: VectorKeys.newMasterKey)))
        #expect(header.keys.map(\.state) == [2, 1, 1])
        #expect(header.generation == 6)
    }

    /// Ends the rotation in Swift, and reads every row. Closes the store.
    func expectRows(_ store: some RecordStore) async throws {
        let ring = try HeaderSample.ring([VectorKeys.masterKey, VectorKeys.newMasterKey])
        let vault = try await Vault.open(
            store, keys: ring, configuration: VaultConfiguration(date: { FilledVault.now }))
        #expect(vault.id.bytes == header.vaultID.bytes)
        let report = try await vault.rotateMasterKey(to: HeaderSample.ring([VectorKeys.newMasterKey]))
        #expect(report.rewrapped == 1000)
        #expect(report.failed.isEmpty)

        let reader = RowReader(vaultID: vault.id, masterKey: VectorKeys.newMasterKey)
        let rows = try await reader.rows(of: store)
        #expect(rows.count == 1000)
        for (index, row) in expected.enumerated() where try rows[row.key] != RowReader.Row(row) {
            Issue.record("row \(index) is something else")
        }
        await vault.close()
    }

    /// What `interop.py dump` says of the rows once the rotation has ended.
    private var expected: [InteropRow] {
        let old = current.enumerated().map { index, row in
            var row = row
            row.revision = 1
            row.kind = index < replacing.count ? .retained : .current
            if row.kind == .retained { row.metadata?.until = 1_800_000_000_000 }
            return row
        }
        let new = replacing.map { row in
            var row = row
            row.revision = 2
            return row
        }
        return old + new
    }
}
