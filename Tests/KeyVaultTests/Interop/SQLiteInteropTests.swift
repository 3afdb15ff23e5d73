import Foundation
import KeyVault
import KeyVaultFormat
import KeyVaultSQLite
import KeyVaultStorage
import Testing

@Suite("Interop: SQLite files", .enabled(if: Python.isThere, Python.notice)) struct SQLiteInteropTests {
    private struct Create: Encodable {
        var path: String
        var masterKeys: [HexBytes]
        var added: UInt64
        var records: [InteropRow]
        var slots: [InteropSlot]
        var unfinished: HexBytes?
    }

    private struct Dump: Encodable {
        var path: String
        var masterKeys: [HexBytes]
    }

    private struct Dumped: Decodable { var records: [InteropRow] }

    private static let now = Date(timeIntervalSince1970: 1_790_000_000)
    private static let configuration = VaultConfiguration(date: { now })

    @Test func pythonOpensAFileOfSwift() async throws {
        try await TemporaryFolder.with { folder in
            let path = folder.appending(path: "swift.db").path
            var expected: [RecordKey: [UInt8]] = [:]
            let store = try await SQLiteStore.open(path, create: true)
            let vault = try await Vault.create(
                in: store, masterKey: HeaderSample.ring([VectorKeys.masterKey]), configuration: Self.configuration)
            for rows in try InteropSamples.rows(1000).chunks(of: 100) {
                // The last ten of each hundred replace an earlier key, which is retained.
                let previous = rows.suffix(10)
                try await put(previous.map { ($0, $0.secret?.bytes.reversed() ?? []) }, in: vault)
                for row in previous {
                    expected[RecordKey(id: try row.id, revision: 1)] = row.secret?.bytes.reversed() ?? []
                }
                try await put(rows.map { ($0, $0.secret?.bytes ?? []) }, in: vault)
                for (index, row) in rows.enumerated() {
                    expected[RecordKey(id: try row.id, revision: index < 90 ? 1 : 2)] = row.secret?.bytes
                }
            }
            _ = try await vault.rotateMasterKey(to: HeaderSample.ring([VectorKeys.newMasterKey]))
            await vault.close()

            let dumped: Dumped = try await Python.run(
                "dump", Dump(path: path, masterKeys: [HexBytes(bytes: VectorKeys.newMasterKey)]))
            #expect(dumped.records.count == 1100)
            for row in dumped.records where row.secret?.bytes != expected[try row.key] {
                Issue.record("\(try row.id) is something else")
            }
            #expect(Set(try dumped.records.map { try $0.key }) == Set(expected.keys))
            let retained = dumped.records.filter { $0.kind == .retained }
            #expect(retained.count == 100)
            #expect(retained.allSatisfy { $0.revision == 1 && $0.metadata?.until == 1_790_000_060_000 })
        }
    }

    @Test func swiftOpensAFileOfPython() async throws {
        try await TemporaryFolder.with { folder in
            let path = folder.appending(path: "python.db").path
            let current = try InteropSamples.rows(900).map { row in
                var row = row
                row.kind = .current
                if row.metadata?.state == 0 { row.metadata?.until = 0 }
                return row
            }
            let replacing = current.prefix(100).map { row in
                var row = row
                row.secret = HexBytes(bytes: Array("the-key-that-replaced-another".utf8))
                row.metadata?.hint = HexBytes(bytes: Array("thether".utf8))
                row.retainUntil = 1_800_000_000_000
                return row
            }
            let header: InteropHeader = try await Python.run(
                "create",
                Create(
                    path: path, masterKeys: [VectorKeys.oldMasterKey, VectorKeys.masterKey].map(HexBytes.init),
                    added: 1_700_000_000_000, records: current + replacing, slots: [],
                    unfinished: HexBytes(bytes: VectorKeys.newMasterKey)))
            #expect(header.keys.map(\.state) == [2, 1, 1])
            #expect(header.generation == 6)

            let store = try await SQLiteStore.open(path)
            let ring = try HeaderSample.ring([VectorKeys.masterKey, VectorKeys.newMasterKey])
            let vault = try await Vault.open(store, keys: ring, configuration: Self.configuration)
            #expect(vault.id.bytes == header.vaultID.bytes)
            let report = try await vault.rotateMasterKey(to: HeaderSample.ring([VectorKeys.newMasterKey]))
            #expect(report.rewrapped == 1000)
            #expect(report.failed.isEmpty)

            let reader = RowReader(vaultID: vault.id, masterKey: VectorKeys.newMasterKey)
            let rows = try await reader.rows(of: store)
            #expect(rows.count == 1000)
            for (index, row) in current.enumerated() {
                var expected = row
                expected.revision = 1
                expected.kind = index < 100 ? .retained : .current
                if index < 100 { expected.metadata?.until = 1_800_000_000_000 }
                let row = rows[try expected.key]
                if row != RowReader.Row(expected) { Issue.record("record \(index) is something else") }
            }
            for (index, row) in replacing.enumerated() {
                var expected = row
                expected.revision = 2
                let row = rows[try expected.key]
                if row != RowReader.Row(expected) { Issue.record("replaced record \(index) is something else") }
            }
            await vault.close()
        }
    }

    private func put(_ rows: [(InteropRow, [UInt8])], in vault: Vault) async throws {
        _ = try await vault.putUnchecked(
            rows.map { row, secret in
                // The bytes of a span of bytes have no padding.
                let secret = try Secret(copying: secret.span)
                return try PutRequest(row.id, secret, keepPreviousFor: .seconds(60))
            })
    }
}

extension Array {
    fileprivate func chunks(of size: Int) -> [[Element]] {
        stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
    }
}
