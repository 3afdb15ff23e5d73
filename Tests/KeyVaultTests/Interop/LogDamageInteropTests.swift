import Foundation
import KeyVault
import KeyVaultFormat
import KeyVaultStorage
import TestSupport
import Testing

@Suite("Interop: damaged flat files", .enabled(if: Python.isThere, Python.notice)) struct LogDamageInteropTests {
    private typealias Rows = [RecordKey: RowReader.Row]

    @Test(arguments: LogDamage.all) func bothMakeTheSameOfDamage(_ damage: LogDamage) async throws {
        try await TemporaryFolder.with { folder in
            let path = folder.appending(path: "damaged.vault").path
            let vaultID = try await makeSmallVault(at: path)
            var files = LogDamage.Files(
                log: try bytes(path), hint: try bytes(path + "-hint"), frames: try await framesOfWholeLog(path))
            let expected = damage.change(&files)
            try write(files, to: path)

            // Python first: it changes nothing.
            let read = try await readInPython(path)
            #expect(read.outcome == expected)
            let opened = try await openInSwift(path, vaultID)
            #expect(opened.outcome == expected)
            #expect(opened.rows == read.rows)
            guard case .opens = expected else { return }
            #expect(try await InteropLog.read(path).outcome == .intact)
            #expect(try await readInPython(path).rows == read.rows)
        }
    }

    /// A vault of four rows, closed.
    private func makeSmallVault(at path: String) async throws -> VaultID {
        var filled = try await FilledVault(in: FileStore.open(path, create: true), count: 0)
        let rows = try InteropSamples.rows(4)
        try await filled.put(rows[0..<3])
        try await filled.put(rows[0..<1]) { $0 + [1] }
        try await filled.delete(rows[1].id)
        try await filled.put(rows[3...])
        await filled.vault.close()
        return filled.vault.id
    }

    /// The frames of a small vault as Python reads them without the hint: the head; three rows; the first retained and replaced;
    /// the second deleted; a fourth; the end.
    private func framesOfWholeLog(_ path: String) async throws -> [InteropLog.Frame] {
        try await TemporaryFolder.with { folder in
            let copy = folder.appending(path: "copy.vault").path
            try FileManager.default.copyItem(atPath: path, toPath: copy)
            let frames = try #require(try await InteropLog.read(copy).frames)
            try #require(frames.map(\.type) == [3, 1, 1, 1, 1, 1, 2, 1, 4])
            #expect(frames.indices.filter { frames[$0].continues } == [1, 2, 4])
            return frames
        }
    }

    private func readInPython(_ path: String) async throws -> (outcome: LogDamage.Outcome, rows: Rows) {
        let log = try await InteropLog.read(path)
        guard log.outcome == .intact || log.outcome == .torn else {
            return (.refused(log.outcome, offset: log.offset), [:])
        }
        if let offset = log.damaged?.first { return (.opensButFor(offset: offset), [:]) }
        let rows = try await InteropDump(path: path, masterKey: VectorKeys.masterKey).run()
        return (.opens(rows: rows.count), try Rows(uniqueKeysWithValues: rows.map { (try $0.key, RowReader.Row($0)) }))
    }

    private func openInSwift(
        _ path: String, _ vaultID: VaultID
    ) async throws -> (outcome: LogDamage.Outcome, rows: Rows) {
        let store: FileStore
        do { store = try await FileStore.open(path) } catch {
            let outcome = try #require(InteropLog.Outcome(rawValue: error.code.rawValue))
            return (.refused(outcome, offset: offset(error)), [:])
        }
        do {
            let rows = try await RowReader(vaultID: vaultID, masterKey: VectorKeys.masterKey).rows(of: store)
            await store.close()
            return (.opens(rows: rows.count), rows)
        } catch let error as StoreError {
            // A walk over all rows meets the damage; by name, all others are still read.
            var refused = 0
            for row in try InteropSamples.rows(4) {
                do { _ = try await store.read(row.id) } catch { refused += 1 }
            }
            #expect(refused == 1)
            await store.close()
            return (.opensButFor(offset: try #require(offset(error))), [:])
        }
    }

    /// Where a message of Swift says that the damage is.
    private func offset(_ error: StoreError) -> Int? {
        error.message.firstMatch(of: #/damaged at byte ([0-9]+) /#).flatMap { Int($0.output.1) }
    }

    private func bytes(_ path: String) throws -> [UInt8] { try [UInt8](Data(contentsOf: URL(filePath: path))) }

    private func write(_ files: LogDamage.Files, to path: String) throws {
        try Data(files.log).write(to: URL(filePath: path))
        try FileManager.default.removeItem(atPath: path + "-hint")
        if let hint = files.hint { try Data(hint).write(to: URL(filePath: path + "-hint")) }
    }
}
