import Foundation
import KeyVault
import KeyVaultSQLite
import KeyVaultStorage

/// A process that uses a vault as the test that started it says.
///
///     work DATABASE OLD-KEY NEW-KEY NAME   two writers and two readers, until standard input ends; prints what they saw
///     rotate DATABASE OLD-KEY NEW-KEY      rotates to the new key; prints the report
///     scan DATABASE READS [leak]           looks for keys in its own memory; prints where
///     churn DATABASE KEY                   four writers, for ever; prints each write that was acknowledged
///     watch DATABASE OLD-KEY               reads watched/p all the time; prints each length that is new to it
///     write STORE KEY COUNT TENANT…        the steps of a ``Ledger``; prints what became of each
///     audit STORE KEY                      prints every record with its secret
///     hold STORE KEY REF                   says so when it has the secret in a closure, and stays there until standard input ends
///     timing SAMPLES                       whether the time of a comparison tells where two values differ
///
/// STORE is `sqlite:PATH` or `file:PATH`.
@main struct Probe {
    static func main() async throws {
        let arguments = CommandLine.arguments
        if arguments[1] == "scan" {
            return try await MemoryScan.hunt(
                database: arguments[2], reads: Int(arguments[3]) ?? 0, leaks: arguments.count > 4)
        }
        if arguments[1] == "timing" { return TimingTest(samples: Int(arguments[2]) ?? 0).run() }
        if ["write", "audit", "hold"].contains(arguments[1]) { return try await useStore(arguments) }
        let vault = try await Vault.open(
            try await SQLiteStore.open(arguments[2], busyTimeout: .seconds(3_600)),
            keys: MasterKeyFile(paths: Array(arguments[3...].prefix(2))))
        switch arguments[1] {
        case "work": try await Worker(vault: vault, name: arguments[5]).run()
        case "rotate":
            let report = try await vault.rotateMasterKey(to: MasterKeyFile(arguments[4]).load()) { _ in
                try? Ledger.say("page")
            }
            print(report.records, report.onActiveKey, report.rewrapped, report.failed.count)
        case "churn":
            await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<4 { group.addTask { try await churn(writer, in: vault) } }
            }
        default: try await watch(vault)
        }
        await vault.close()
    }

    private static func useStore(_ arguments: [String]) async throws {
        let vault: Vault
        do {
            let keys = MasterKeyFile(arguments[3])
            let store: any RecordStore =
                if arguments[2].hasPrefix("file:") {
                    try await FileStore.open(String(arguments[2].dropFirst(5)))
                } else {
                    try await SQLiteStore.open(String(arguments[2].dropFirst(7)))
                }
            // No look at others' changes, which come by the clock: the same calls are made each time.
            vault = try await Vault.open(
                store, keys: keys, configuration: VaultConfiguration(foreignChangeInterval: .seconds(3600)))
        } catch {
            // What is no typed error shows as such.
            return try Ledger.say("open \(Ledger.code(of: error) ?? "untyped: \(error)")")
        }
        switch arguments[1] {
        case "audit": try await Ledger(vault: vault).audit()
        case "hold":
            try await vault.withSecret(RecordID(arguments[4])) { _ in
                try Ledger.say("holding")
                _ = FileHandle.standardInput.readDataToEndOfFile()
            }
        default: try await Ledger(vault: vault).write(Array(arguments[5...]), count: Int(arguments[4]) ?? 0)
        }
        await vault.close()
        try Ledger.say("done")
    }

    /// Puts rising numbers into eight records and deletes now and then. A deletion is printed as a number below 0.
    static func churn(_ writer: Int, in vault: Vault) async throws {
        for number in 1... {
            let id = try RecordID(tenant: "busy", provider: "p", label: "\(writer)-\(number % 8)")
            let isDeletion = number % 11 == 10
            if isDeletion { try await vault.delete(id) } else { try await vault.put(Secret("\(number)"), for: id) }
            let line = "\(id.label) \(isDeletion ? -number : number)\n"
            try FileHandle.standardOutput.write(contentsOf: Data(line.utf8))
        }
    }

    static func watch(_ vault: Vault) async throws {
        let id = try RecordID(tenant: "watched", provider: "p")
        var last = -2
        while true {
            var length = -1
            do { length = try await vault.withSecret(id) { $0.byteCount } } catch let error as VaultError {
                guard error.code == .notFound else { throw error }
            }
            if length != last { try FileHandle.standardOutput.write(contentsOf: Data("\(length)\n".utf8)) }
            last = length
            await Task.yield()
        }
    }
}
