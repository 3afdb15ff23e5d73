import Foundation
import KeyVault
import KeyVaultSQLite
import TestSupport
import Testing

@Suite("Interop: SQLite files", .enabled(if: Python.isThere, Python.notice)) struct SQLiteInteropTests {
    @Test func pythonOpensAFileOfSwift() async throws {
        try await TemporaryFolder.with { folder in
            let path = folder.appending(path: "swift.db").path
            let filled = try await FilledVault(in: SQLiteStore.open(path, create: true))
            _ = try await filled.vault.rotateMasterKey(to: HeaderSample.ring([VectorKeys.newMasterKey]))
            await filled.vault.close()
            #expect(filled.secrets.count == 1100)
            try await filled.expectRows(InteropDump(path: path, masterKey: VectorKeys.newMasterKey).run())
        }
    }

    @Test func swiftOpensAFileOfPython() async throws {
        try await TemporaryFolder.with { folder in
            let path = folder.appending(path: "python.db").path
            let made = try await PythonVault(at: path, flat: false)
            try await made.expectRows(SQLiteStore.open(path))
        }
    }
}
