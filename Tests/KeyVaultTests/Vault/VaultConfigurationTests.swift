import KeyVault
import KeyVaultTesting
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
        let store = FaultInjectingStore(MemoryStore())
        // It says what others have changed when the vault is opened, and not again.
        store.hold(.foreignChanges, skipping: 1)
        let vault = try await Vault.create(
            in: store, masterKey: MasterKeyRing(try MasterKey.random()), configuration: configuration)
        #expect(await clock.firstSleep() == slept)
        store.release(.foreignChanges)
        await vault.close()
    }
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
