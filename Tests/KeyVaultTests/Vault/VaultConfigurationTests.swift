import KeyVault
import Synchronization
import Testing

@Suite struct VaultConfigurationTests {
    /// The first of these once ended the process, the others kept a processor busy.
    @Test(arguments: [
        (Duration.seconds(Int64.max), Duration.seconds(86_400)), (.zero, .milliseconds(1)),
        (.seconds(-1), .milliseconds(1)), (.seconds(3), .seconds(3)),
    ])
    func theStoreIsAskedAtAReasonablePace(_ asked: Duration, _ slept: Duration) async throws {
        let clock = NoticingClock()
        let vault = try await Vault.create(
            in: MemoryStore(), masterKey: MasterKeyRing(try MasterKey.random()),
            configuration: VaultConfiguration(foreignChangeInterval: asked, clock: clock))
        // A look sleeps too, for as long as it waits for the store before what is cached is dropped.
        #expect(await clock.firstSleep(otherThan: .milliseconds(250)) == slept)
        await vault.close()
    }

    /// Where the store does not answer, nobody sleeps but who drops what is cached. SECURITY.md states how often.
    @Test(arguments: [
        (Duration?.none, Duration.milliseconds(250)), (.zero, .milliseconds(250)), (.seconds(3), .seconds(3)),
    ])
    func whatIsCachedIsDroppedAtTheStatedPace(_ asked: Duration?, _ slept: Duration) async throws {
        let clock = NoticingClock()
        var configuration = VaultConfiguration(clock: clock)
        if let asked { configuration.foreignChangeInterval = asked }
        let vault = try await Vault.create(
            in: SilentStore(), masterKey: MasterKeyRing(try MasterKey.random()), configuration: configuration)
        #expect(await clock.firstSleep() == slept)
        await vault.close()
    }
}

/// Says what others have changed when a vault is opened, and never again.
private final class SilentStore: RecordStore {
    private let base = MemoryStore()
    private let hasAnswered = Atomic(false)
    private let never = AsyncStream.makeStream(of: Void.self)

    func foreignChanges() async throws(StoreError) -> UInt64 {
        // Whoever is not waited for any more is cancelled.
        if hasAnswered.exchange(true, ordering: .relaxed) {
            for await _ in never.stream {}
        }
        return 0
    }

    var kind: String { base.kind }
    func readHead() async throws(StoreError) -> StoreHead? { try await base.readHead() }
    func create(header: [UInt8], generation: UInt64) async throws(StoreError) {
        try await base.create(header: header, generation: generation)
    }
    func read(_ id: RecordID) async throws(StoreError) -> StoredRecord? { try await base.read(id) }
    func read(_ key: RecordKey) async throws(StoreError) -> StoredRecord? { try await base.read(key) }
    func scan(_ scope: ScanScope, after cursor: RecordKey?, limit: Int) async throws(StoreError) -> [StoredRecord] {
        try await base.scan(scope, after: cursor, limit: limit)
    }
    func write(_ batch: WriteBatch) async throws(StoreError) { try await base.write(batch) }
    func close() async { await base.close() }
}

/// A clock that stands still, and tells for how long somebody meant to sleep on it.
private final class NoticingClock: Clock {
    typealias Instant = InstantClock.Instant

    private let sleeps = AsyncStream.makeStream(of: Duration.self)

    var now: Instant { Instant(offset: .zero) }
    var minimumResolution: Duration { .zero }

    func firstSleep(otherThan known: Duration? = nil) async -> Duration? {
        await sleeps.stream.first { $0 != known }
    }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        sleeps.continuation.yield(deadline.offset)
        // Until the vault is closed.
        try await Task.sleep(for: .seconds(86_400))
    }
}
