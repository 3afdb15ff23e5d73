import Foundation
import KeyVault
import KeyVaultSQLite
import Testing

/// What one process changes, another stops serving within the stated bound.
@Suite struct ForeignChangeTests {
    @Test func anotherProcessDropsWhatThisOneReplacedOrDeleted() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "keyvault-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (database, key) = (folder.appending(path: "vault.db").path, folder.appending(path: "master.key").path)
        let vault = try await Vault.create(
            in: SQLiteStore.open(database, create: true), masterKey: MasterKeyRing(try MasterKeyFile.create(at: key)))
        let id = try RecordID(tenant: "watched", provider: "p")
        try await vault.put(Secret("1"), for: id)

        let other = try VaultProcess("watch", database, key)
        #expect(other.line() == "1")
        // The time is measured, since it is what is promised: at most one second. A machine so busy that the other process
        // does not run for that long would fail here too; ten tries tell the two apart.
        var replaced = Duration.seconds(9)
        for length in 2...11 where replaced > .seconds(1) {
            try await vault.put(Secret(String(repeating: "x", count: length)), for: id)
            replaced = ContinuousClock().measure { #expect(other.line() == "\(length)") }
        }
        #expect(replaced <= .seconds(1))
        try await vault.delete(id)
        #expect(other.line() == "-1")
        other.kill()
        await vault.close()
    }
}
