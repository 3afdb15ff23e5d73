import Foundation
import KeyVault
import KeyVaultSQLite
import Testing

/// `backup` and `restore` while another process writes.
@Suite struct BackupUnderLoadTests {
    /// A process that writes, and what it said of each record last: a number, below 0 where the record was deleted.
    private final class Writer {
        private let process = Process()
        private let output = Pipe()
        private var rest: [UInt8] = []
        private(set) var acknowledged: [String: Int] = [:]
        private(set) var count = 0

        init(_ box: Sandbox) throws {
            process.executableURL = Sandbox.program.deletingLastPathComponent().appending(path: "KeyVaultProbe")
            process.arguments = ["churn", box.path("keyvault.db"), box.masterKeyPath]
            process.standardOutput = output
            try process.run()
        }

        deinit { kill() }

        func kill() { Foundation.kill(process.processIdentifier, SIGKILL) }

        /// Reads some of what it has said.
        ///
        /// - Returns: `false` when it has ended.
        func listen() -> Bool {
            let more = output.fileHandleForReading.availableData
            rest += more
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                let words = String(decoding: rest[..<end], as: UTF8.self).split(separator: " ")
                rest.removeFirst(end + 1)
                acknowledged[String(words[0])] = Int(words[1])
                count += 1
            }
            return !more.isEmpty
        }
    }

    @Test func aRestoredBackupHoldsEveryWriteAcknowledgedBeforeItBegan() async throws {
        let box = try Sandbox.withVault()
        // So that the copy takes a while.
        try await box.withVault { vault in
            for start in stride(from: 0, to: 4000, by: 500) {
                try await vault.put(
                    (start..<start + 500).map {
                        PutRequest(
                            try RecordID(tenant: "still", provider: "p", label: "\($0)"), try Secret("still \($0)"))
                    })
            }
        }
        let writer = try Writer(box)
        while writer.acknowledged.count < 32 { try #require(writer.listen(), "the writer ended by itself") }
        let (before, countBefore) = (writer.acknowledged, writer.count)
        try box.run("backup", "copy.db").expectSuccess()
        writer.kill()
        while writer.listen() {}
        // Otherwise nothing was tested.
        #expect(writer.count > countBefore)

        try box.run("restore", "copy.db", "--store", "sqlite:restored.db").expectSuccess()
        let report = try box.run("verify", "--json", "--store", "sqlite:restored.db").json(as: NSDictionary.self)
        #expect(report["damaged"] as? [String] == [])
        #expect(report["records"] as? Int ?? 0 >= 4000)
        let restored = try await Vault.open(
            try await SQLiteStore.open(box.path("restored.db")), keys: MasterKeyFile(box.masterKeyPath))
        for (label, number) in before {
            if let found = try await Self.number(label, in: restored) {
                #expect(found >= abs(number), "\(label) is older than what was acknowledged before the backup")
            } else {
                #expect(number < 0 || writer.acknowledged[label] != number, "\(label) is missing")
            }
        }
        await restored.close()
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
