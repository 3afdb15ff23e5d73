import Foundation
import KeyVault
import KeyVaultSQLite
import KeyVaultStorage

/// A known sequence of changes by any number of writers, each with a tenant of its own, of which every outcome is printed: what
/// `Tests/Faults` holds against what it finds later.
///
/// Step n changes slot n % 8: every fifth step deletes the slot's first record, the others put both of its records as one batch,
/// with n as their secret.
struct Ledger: Sendable {
    private static let slots = 8

    let vault: Vault

    /// Runs `count` steps of each writer whatever fails; or, where it is 0, goes on until something fails.
    func write(_ tenants: [String], count: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for tenant in tenants {
                group.addTask {
                    var number = 0
                    while count == 0 || number < count {
                        var wrote = true
                        let outcome = await self.outcome { wrote = try await self.step(number, tenant) }
                        try Self.say("\(tenant) \(number) \(wrote ? outcome : "absent")")
                        if count == 0, outcome != "ok" { return }
                        if count > 0 { try await self.readBack(number % Self.slots, tenant, after: number) }
                        number += 1
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// Prints every record that there is.
    func audit() async throws {
        var cursor: RecordID?
        repeat {
            let page = try await vault.list(after: cursor, limit: 500)
            for entry in page.entries {
                try Self.say("\(entry.id.tenant) \(name(entry.id)) \(try await value(entry.id))")
            }
            cursor = page.next
        } while cursor != nil
        let report = try await vault.verify()
        try Self.say("damaged \(report.damaged.count)")
    }

    /// - Returns: whether there was anything to write: a delete of what is not there writes nothing.
    private func step(_ number: Int, _ tenant: String) async throws -> Bool {
        let slot = "p\(number % Self.slots)"
        if number % 5 == 4 {
            return try await vault.delete(RecordID(tenant: tenant, provider: slot, label: "a"))
        } else {
            try await vault.put(
                ["a", "b"].map {
                    PutRequest(try RecordID(tenant: tenant, provider: slot, label: $0), try Secret("\(number)"))
                })
            return true
        }
    }

    private func readBack(_ slot: Int, _ tenant: String, after number: Int) async throws {
        for label in ["a", "b"] {
            let id = try RecordID(tenant: tenant, provider: "p\(slot)", label: label)
            var found = "-"
            let outcome = await outcome { found = try await self.value(id) }
            try Self.say(
                "\(tenant) \(number) read \(name(id)) \(["ok", "notFound"].contains(outcome) ? found : outcome)")
        }
    }

    private func value(_ id: RecordID) async throws -> String {
        // The span is read within the closure.
        try await vault.withSecret(id) { secret in
            unsafe secret.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
        }
    }

    private func name(_ id: RecordID) -> String { "\(id.provider)/\(id.label)" }

    /// `ok`, or the code of the error. Anything else than a typed error ends the process.
    private func outcome(_ body: () async throws -> Void) async -> String {
        do {
            try await body()
            return "ok"
        } catch {
            guard let code = Self.code(of: error) else { fatalError("not a typed error: \(error)") }
            return code
        }
    }

    /// Of a store's failure, the code that the store gave it: `store.io`. `nil` where it is no typed error.
    static func code(of error: any Error) -> String? {
        if let error = error as? StoreError { return "store.\(error.code.rawValue)" }
        guard let error = error as? VaultError else { return nil }
        return error.code == .store ? error.cause.flatMap(code) ?? "store" : error.code.rawValue
    }

    static func say(_ line: String) throws { try FileHandle.standardOutput.write(contentsOf: Data("\(line)\n".utf8)) }
}
