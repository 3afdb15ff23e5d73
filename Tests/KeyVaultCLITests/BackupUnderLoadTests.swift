import Foundation
import KeyVault
import KeyVaultSQLite
import Synchronization
import Testing

/// `backup` and `restore` in processes of their own while this one writes.
@Suite struct BackupUnderLoadTests {
    /// The number of the last write to each record that was acknowledged; below 0 where it was a deletion.
    private final class Acknowledged: Sendable {
        private let values = Mutex<[String: Int]>([:])

        var all: [String: Int] { values.withLock { $0 } }
        func note(_ label: String, _ value: Int) { values.withLock { $0[label] = value } }
    }

    private static let writers = 4
    private static let labels = 8

    @Test func aRestoredBackupHoldsEveryWriteAcknowledgedBeforeItBegan() async throws {
        let box = try Sandbox.withVault()
        let vault = try await Vault.open(try await box.openStore(), keys: MasterKeyFile(box.masterKeyPath))
        // So that the copy takes a while.
        for start in stride(from: 0, to: 4000, by: 500) {
            try await vault.put(
                (start..<start + 500).map {
                    PutRequest(try RecordID(tenant: "still", provider: "p", label: "\($0)"), try Secret("still \($0)"))
                })
        }
        let acknowledged = Acknowledged()
        let writing = (0..<Self.writers).map { writer in
            Task { try await Self.write(writer, to: vault, acknowledged) }
        }
        while acknowledged.all.count < Self.writers * Self.labels { await Task.yield() }

        let before = acknowledged.all
        let backup = try box.run("backup", "copy.db")
        backup.expectSuccess()
        // Otherwise nothing was tested.
        #expect(acknowledged.all != before, "nothing was written during the backup")
        for task in writing { task.cancel() }
        for task in writing { _ = await task.result }
        let last = acknowledged.all
        await vault.close()

        try box.run("restore", "copy.db", "--store", "sqlite:restored.db").expectSuccess()
        let report = try box.run("verify", "--json", "--store", "sqlite:restored.db").json(as: NSDictionary.self)
        #expect(report["damaged"] as? [String] == [])
        let restored = try await Vault.open(
            try await SQLiteStore.open(box.path("restored.db")), keys: MasterKeyFile(box.masterKeyPath))
        for (label, value) in before {
            if let found = try await Self.number(label, in: restored) {
                #expect(found >= abs(value), "\(label) is older than what was acknowledged before the backup")
            } else {
                #expect(value < 0 || last[label] != value, "\(label) is missing")
            }
        }
        #expect(report["records"] as? Int ?? 0 >= 4000)
        await restored.close()
    }

    /// Puts rising numbers, and deletes now and then, until it is cancelled.
    private static func write(_ writer: Int, to vault: Vault, _ acknowledged: Acknowledged) async throws {
        for number in 1... {
            let label = "\(writer)-\(number % labels)"
            let id = try RecordID(tenant: "busy", provider: "p", label: label)
            if number % 11 == 10 {
                try await vault.delete(id)
                acknowledged.note(label, -number)
            } else {
                try await vault.put(Secret("\(number)"), for: id)
                acknowledged.note(label, number)
            }
        }
    }

    private static func number(_ label: String, in vault: Vault) async throws -> Int? {
        do {
            // The span is read within the closure.
            return try await vault.withSecret(RecordID(tenant: "busy", provider: "p", label: label)) { secret in
                unsafe secret.withUnsafeBytes { unsafe Int(String(decoding: $0, as: UTF8.self)) }
            }
        } catch let error as VaultError where error.code == .notFound {
            return nil
        }
    }
}
