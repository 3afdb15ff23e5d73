import Foundation
import KeyVault
import Synchronization
import Testing

@Suite struct RemindersTests {
    @Test func oldExpiringAndExpiredKeysAreListed() async throws {
        let day: Double = 86400
        let start = Date(timeIntervalSince1970: 1_790_000_000)
        let now = Mutex(start)
        let vault = try await Vault.create(
            in: MemoryStore(), masterKey: MasterKeyRing(try MasterKey.random()),
            configuration: VaultConfiguration(date: { now.withLock { $0 } }))
        func put(_ tenant: String, expires: Date? = nil) async throws {
            let id = try RecordID(tenant: tenant, provider: "unheard-of")
            try await vault.put([PutRequest(id, try Secret("secret"), expires: expires)])
        }
        try await put("expired", expires: start + 10 * day)
        try await put("later", expires: start + 200 * day)
        try await put("old")
        try await put("soon", expires: start + 100 * day)
        now.withLock { $0 = start + 80 * day }
        try await put("young")

        now.withLock { $0 = start + 90 * day }
        let page = try await vault.reminders()
        #expect(page.next == nil)
        #expect(
            page.reminders.map { "\($0.id.tenant): \($0.reason)" } == [
                "expired: expired(\(start + 10 * day))", "later: old(days: 90)", "old: old(days: 90)",
                "soon: expiresSoon(\(start + 100 * day))",
            ])
        #expect(try await vault.reminders(olderThanDays: 91).reminders.count == 2)
        #expect(try await vault.reminders(tenant: "old").reminders.count == 1)
        let first = try await vault.reminders(limit: 2)
        #expect(first.reminders.count == 2)
        #expect(try await vault.reminders(after: first.next).reminders.count == 2)
    }
}
