import KeyVaultTesting
import Synchronization
import Testing

@testable import KeyVault

/// What is served while a store is too busy to say what others have changed.
@Suite struct BusyStoreTests {
    @Test func nothingThatMayBeGoneIsServedFromTheCache() async throws {
        let (rows, clock) = (MemoryStore(), ManualClock())
        let store = FaultInjectingStore(rows)
        let vault = try await Vault.create(
            in: store, masterKey: MasterKeyRing(try MasterKey.random()),
            configuration: VaultConfiguration(
                cache: CacheConfiguration(timeToLive: .seconds(100_000), maximumAge: .seconds(100_000)),
                foreignChangeInterval: .seconds(1), clock: clock))
        let id = try RecordID(tenant: "acme", provider: "example")
        try await vault.put(Secret("one"), for: id)
        func isServed() async throws -> Bool {
            do { return try await vault.withSecret(id) { $0.byteCount == 3 } } catch let error as VaultError {
                guard error.code == .notFound else { throw error }
                return false
            }
        }
        #expect(try await isServed())
        store.hold(.foreignChanges)
        let looks = store.calls(of: .foreignChanges)
        while store.calls(of: .foreignChanges) == looks {
            clock.advance(by: .seconds(1))
            await Task.yield()
        }
        // Another process deletes it, and the store does not answer whether anything has changed.
        try await rows.write(WriteBatch(generation: 1, changes: [.delete(id, revision: nil)]))
        var seconds = 0
        while try await isServed(), seconds < 50_000 {
            clock.advance(by: .seconds(1))
            seconds += 1
            await Task.yield()
        }
        #expect(seconds < 50_000)
        store.release(.foreignChanges)
        await vault.close()
    }

    /// Nor of which keys a tenant has; whether the store does not answer, or says that something has changed.
    @Test(arguments: [true, false]) func noTenantIsBelievedToHaveWhatMayBeGone(answers: Bool) async throws {
        let (rows, clock) = (ExchangeableStore(MemoryStore()), ManualClock())
        let store = FaultInjectingStore(rows)
        let vault = try await vault(in: store, clock)
        let id = try RecordID(tenant: "acme", provider: "example")
        try await vault.put(Secret("one"), for: id)
        func count() async throws -> Int { try await vault.storedKeys(of: "acme", providers: ["example"]).count }
        #expect(try await count() == 1)
        if !answers { store.hold(.foreignChanges) }
        let looks = store.calls(of: .foreignChanges)
        while store.calls(of: .foreignChanges) == looks { await tick(clock) }
        try await rows.write(WriteBatch(generation: 1, changes: [.delete(id, revision: nil)]))
        rows.noteForeignChange()
        var ticks = 0
        while try await count() > 0, ticks < 50_000 {
            await tick(clock)
            ticks += 1
        }
        #expect(ticks < 50_000)
        store.release(.foreignChanges)
        await vault.close()
    }

    private func vault(in store: some RecordStore, _ clock: ManualClock) async throws -> Vault {
        try await Vault.create(
            in: store, masterKey: MasterKeyRing(try MasterKey.random()),
            configuration: VaultConfiguration(
                cache: CacheConfiguration(timeToLive: .seconds(100_000), maximumAge: .seconds(100_000)),
                foreignChangeInterval: .seconds(1), clock: clock))
    }

    private func tick(_ clock: ManualClock) async {
        // So much less than the patience with a look that it is over by then.
        clock.advance(by: .milliseconds(10))
        await Task.yield()
    }

    /// Its store never answers, and the vault is closed all the same.
    @Test func aVaultThatIsClosedForgetsNothingAnyMore() async throws {
        let (store, clock) = (FaultInjectingStore(MemoryStore()), SleepCountingClock())
        let vault = try await Vault.create(
            in: store, masterKey: MasterKeyRing(try MasterKey.random()), configuration: VaultConfiguration(clock: clock)
        )
        store.hold(.foreignChanges)
        await store.waitUntilHeld(.foreignChanges)
        clock.stop()
        while clock.sleepers < 1 { await Task.yield() }
        let closed = Task { await vault.close() }
        while clock.sleepers > 0 { await Task.yield() }
        store.release(.foreignChanges)
        await closed.value
        #expect(clock.sleepers == 0)
    }
}

/// Nobody sleeps on it; once it is stopped, nobody wakes up but who is cancelled.
private final class SleepCountingClock: Clock {
    private let count = Atomic(0)
    private let isStopped = Atomic(false)

    func stop() { isStopped.store(true, ordering: .relaxed) }

    var sleepers: Int { count.load(ordering: .relaxed) }
    var now: InstantClock.Instant { .init(offset: .zero) }
    var minimumResolution: Duration { .zero }

    func sleep(until deadline: InstantClock.Instant, tolerance: Duration?) async throws {
        guard isStopped.load(ordering: .relaxed) else { return await Task.yield() }
        count.add(1, ordering: .relaxed)
        defer { count.subtract(1, ordering: .relaxed) }
        while true { try await Task.sleep(for: .seconds(3_600)) }
    }
}
