import Foundation
import KeyVault
import KeyVaultSQLite
import TestSupport
import Testing

/// Rotation while two other processes read and write, killed again and again.
@Suite struct RotationProcessTests {
    private let records = Proof.count("KEYVAULT_RECORDS", ci: 5_000, proof: 100_000)
    private let kills = Proof.count("KEYVAULT_KILLS", ci: 20, proof: 200)

    @Test func nothingIsLostWhenARotationIsKilledAgainAndAgainUnderLoad() async throws {
        let folder = try TemporaryFolder()
        let (database, old, new) = (folder.file("vault.db"), folder.file("old.key"), folder.file("new.key"))
        let ring = MasterKeyRing(try MasterKeyFile.create(at: old))
        _ = try MasterKeyFile.create(at: new)
        try await fill(try await Vault.create(in: SQLiteStore.open(database, create: true), masterKey: ring))

        let workers = try ["a", "b"].map { try OtherProcess("KeyVaultProbe", ["work", database, old, new, $0]) }
        var within = 0
        Proof.report("rotation: \(records) records stored")
        for round in 0..<kills {
            let rotation = try OtherProcess("KeyVaultProbe", ["rotate", database, old, new])
            // Within the rotation, or before or after it: all are to be survived.
            var told = ""
            for _ in 0..<Int.random(in: 0...2) { told = rotation.line() }
            rotation.kill()
            if told == "page" { within += 1 }
            if round % 20 == 19 { Proof.report("rotation of \(records) records killed \(round + 1) times") }
        }
        let last = try OtherProcess("KeyVaultProbe", ["rotate", database, old, new]).finish()
        #expect(last.status == 0)
        #expect(last.lines.count { $0 != "page" } == 1)
        #expect(within > 0)
        Proof.report("rotation of \(records) records ended after \(kills) kills, \(within) of them within it")

        var held: [(tenant: String, label: String, value: String)] = []
        for worker in workers {
            #expect(worker.isRunning, "a worker met an error")
            let end = worker.finish()
            #expect(end.status == 0)
            #expect(end.lines.first?.hasPrefix("read ") == true)
            for line in end.lines.dropFirst() {
                let words = line.split(separator: " ", maxSplits: 2)
                held.append((String(words[0]), String(words[1]), words.count > 2 ? String(words[2]) : ""))
            }
        }
        #expect(held.count == 40)
        try await check(held, in: database, key: new)
        Proof.report(
            "rotation of \(records) records under load killed \(kills) times, \(within) of them within it: no failed read, no lost "
                + "write, nothing on the old key")
    }

    private func fill(_ vault: Vault) async throws {
        for start in stride(from: 0, to: records, by: 500) {
            try await vault.put(
                (start..<start + 500).map { number in
                    PutRequest(
                        try RecordID(tenant: "fixed", provider: "p", label: "\(number)"),
                        try Secret("secret of \(number)"))
                })
        }
        await vault.close()
    }

    /// The new key alone opens everything, and each record is what its writer was last told.
    private func check(
        _ held: [(tenant: String, label: String, value: String)], in database: String, key: String
    ) async throws {
        let store = try await SQLiteStore.open(database)
        let ring = try MasterKeyFile(key).load()
        let vault = try await Vault.open(store, keys: ring)
        let report = try await vault.verify()
        #expect(report.damaged.isEmpty)
        #expect(report.records == records + held.count { !$0.value.isEmpty })
        for (tenant, label, value) in held {
            let id = try RecordID(tenant: tenant, provider: "p", label: label)
            if value.isEmpty {
                await #expect(throws: VaultError(.notFound, "")) { try await vault.withSecret(id) { _ in } }
            } else {
                let isRight = try await vault.withSecret(id) { secret in
                    unsafe secret.withUnsafeBytes { unsafe $0.elementsEqual(value.utf8) }
                }
                #expect(isRight, "\(id) is not what its writer was last told")
            }
        }
        let rows = try await store.scan(.everything, after: nil, limit: records + 100)
        #expect(try rows.allSatisfy { try SealedRecord($0.sealed).keyID == ring.ids[0] })
        await vault.close()
    }
}
