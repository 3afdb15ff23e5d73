import Foundation
import KeyVault
import KeyVaultStorage
import TestSupport
import Testing

@Suite("Interop: flat files", .enabled(if: Python.isThere, Python.notice)) struct FileInteropTests {
    /// At every stage of a log: while it is open, which is what a crash leaves; compacted; closed.
    @Test func pythonOpensALogOfSwift() async throws {
        try await TemporaryFolder.with { folder in
            let path = folder.appending(path: "swift.vault").path
            let store = try await FileStore.open(path, create: true)
            var filled = try await FilledVault(in: store)
            for index in stride(from: 0, to: 200, by: 10) { try await filled.delete(filled.rows[index].id) }
            for index in stride(from: 91, to: 1000, by: 100) {
                try await filled.deleteRevision(1, of: filled.rows[index].id)
            }
            try await filled.deleteAll(of: "firm")
            #expect(filled.secrets.count == 1100 - 22 - 10 - 110)
            var log = try await expectRows(filled, at: path, under: VectorKeys.masterKey, .torn)
            #expect(log.generation == 1)
            #expect(log.entries == nil)
            #expect(log.frames?.filter { $0.type == 2 }.count == 22 + 10 + 110)

            try await store.compact()
            let compacted = filled.secrets.count
            log = try await expectRows(filled, at: path, under: VectorKeys.masterKey, .intact)
            #expect(log.generation == 2)
            #expect(log.entries == compacted)
            #expect(log.frames == [])

            // Deleted ones come back at another revision, others are replaced; behind them, a header and rewraps.
            try await filled.put(filled.rows[0..<20]) { $0.reversed() }
            try await filled.delete(filled.rows[1].id)
            _ = try await filled.vault.rotateMasterKey(to: HeaderSample.ring([VectorKeys.newMasterKey]))
            log = try await expectRows(filled, at: path, under: VectorKeys.newMasterKey, .torn)
            #expect(log.entries == compacted)
            #expect(log.frames?.isEmpty == false)

            await filled.vault.close()
            log = try await expectRows(filled, at: path, under: VectorKeys.newMasterKey, .intact)
            #expect(log.generation == 2)
            #expect(log.entries == filled.secrets.count)
            #expect(log.frames == [])
        }
    }

    @Test(arguments: [true, false]) func swiftOpensALogOfPython(hinted: Bool) async throws {
        try await TemporaryFolder.with { folder in
            let path = folder.appending(path: "python.vault").path
            let made = try await PythonVault(at: path, flat: true)
            if !hinted { try FileManager.default.removeItem(atPath: path + "-hint") }
            try await made.expectRows(FileStore.open(path))
            // Both have written it now.
            let log = try await InteropLog.read(path)
            #expect(log.outcome == .intact)
            #expect(log.entries == 1000)
            #expect(log.whole == true)
            #expect(try await InteropDump(path: path, masterKey: VectorKeys.newMasterKey).run().count == 1000)
        }
    }

    /// Has Python read a copy, and hold the hint against the whole log. Where it is in use there are zeros behind its last frame, a torn
    /// tail.
    private func expectRows(
        _ filled: FilledVault, at path: String, under key: [UInt8], _ outcome: InteropLog.Outcome
    ) async throws -> InteropLog {
        try await TemporaryFolder.with { folder in
            let copy = folder.appending(path: "copy.vault").path
            for end in ["", "-hint"] where FileManager.default.fileExists(atPath: path + end) {
                try FileManager.default.copyItem(atPath: path + end, toPath: copy + end)
            }
            try filled.expectRows(await InteropDump(path: copy, masterKey: key).run())
            let log = try await InteropLog.read(copy)
            #expect(log.outcome == outcome)
            #expect(log.whole == (log.entries == nil ? nil : true))
            return log
        }
    }
}
