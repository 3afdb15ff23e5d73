import KeyVaultTesting
import Synchronization
import Testing

@testable import KeyVault

/// What is kept of which keys tenants have.
@Suite final class KeyDirectoryTests: Sendable {
    private let clock = ManualClock()
    private let reads = Mutex<[String: Int]>([:])

    private func directory(_ configuration: CacheConfiguration = CacheConfiguration()) -> KeyDirectory {
        let clock = clock
        return KeyDirectory(configuration, time: TimeSource(clock: clock, date: { clock.date }))
    }

    /// Asks for a tenant's keys; says whether they had to be read.
    private func isRead(_ tenant: String, keys count: Int = 1, in directory: KeyDirectory) async throws -> Bool {
        let before = reads.withLock { $0[tenant, default: 0] }
        let keys = (0..<count).map { StoredKey(id: .numbered($0), revision: 1) }
        let found = try await directory.keys(of: tenant) { () throws(VaultError) in
            reads.withLock { $0[tenant, default: 0] += 1 }
            return keys
        }
        #expect(found == keys)
        return reads.withLock { $0[tenant, default: 0] } > before
    }

    @Test func tenThousandTenantsAreKnownAndOneMoreBeginsAnew() async throws {
        let directory = directory()
        for number in 0..<10_000 { #expect(try await isRead("tenant-\(number)", in: directory)) }
        #expect(try await !isRead("tenant-0", in: directory))
        #expect(try await isRead("tenant-10000", in: directory))
        #expect(try await !isRead("tenant-10000", in: directory))
        #expect(try await isRead("tenant-0", in: directory))
    }

    @Test func aTenantWithManyKeysIsReadEachTime() async throws {
        let directory = directory()
        for (count, isReadAgain) in [(64, false), (65, true)] {
            _ = try await isRead("tenant-\(count)", keys: count, in: directory)
            #expect(try await isRead("tenant-\(count)", keys: count, in: directory) == isReadAgain)
        }
    }

    @Test func thatThereIsNoneIsBelievedForAShorterTime() async throws {
        let directory = directory(CacheConfiguration(timeToLive: .seconds(300), negativeTimeToLive: .seconds(5)))
        #expect(try await isRead("acme", keys: 0, in: directory))
        clock.advance(by: .seconds(4))
        #expect(try await !isRead("acme", keys: 0, in: directory))
        clock.advance(by: .seconds(1))
        #expect(try await isRead("acme", keys: 0, in: directory))
    }

    /// As the cache does, which takes any age: this once ended the process.
    @Test func anAgeBeyondAllClocksIsNeverReached() async throws {
        let directory = directory(CacheConfiguration(timeToLive: .seconds(Int64.max)))
        #expect(try await isRead("acme", in: directory))
        clock.advance(by: .seconds(100 * 365 * 86_400))
        #expect(try await !isRead("acme", in: directory))
    }
}
