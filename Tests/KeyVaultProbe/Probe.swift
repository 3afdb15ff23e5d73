import Foundation
import KeyVault
import KeyVaultSQLite

/// A process that uses a vault as the test that started it says.
///
///     work DATABASE OLD-KEY NEW-KEY NAME   two writers and two readers, until standard input ends; prints what they saw
///     rotate DATABASE OLD-KEY NEW-KEY      rotates to the new key; prints the report
///     scan DATABASE READS [leak]           looks for keys in its own memory; prints where
///     watch DATABASE OLD-KEY               reads watched/p all the time; prints each length that is new to it
@main struct Probe {
    static func main() async throws {
        let arguments = CommandLine.arguments
        if arguments[1] == "scan" {
            return try await MemoryScan.hunt(
                database: arguments[2], reads: Int(arguments[3]) ?? 0, leaks: arguments.count > 4)
        }
        let vault = try await Vault.open(
            try await SQLiteStore.open(arguments[2]), keys: MasterKeyFile(paths: Array(arguments[3...].prefix(2))))
        switch arguments[1] {
        case "work": try await Worker(vault: vault, name: arguments[5]).run()
        case "rotate":
            let report = try await vault.rotateMasterKey(to: MasterKeyFile(arguments[4]).load())
            print(report.records, report.onActiveKey, report.rewrapped, report.failed.count)
        default: try await watch(vault)
        }
        await vault.close()
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
