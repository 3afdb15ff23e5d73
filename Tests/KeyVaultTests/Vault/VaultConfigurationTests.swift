import KeyVault
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
        #expect(await clock.firstSleep() == slept)
        await vault.close()
    }
}

/// A clock that stands still, and tells for how long somebody meant to sleep on it.
private final class NoticingClock: Clock {
    typealias Instant = InstantClock.Instant

    private let sleeps = AsyncStream.makeStream(of: Duration.self)

    var now: Instant { Instant(offset: .zero) }
    var minimumResolution: Duration { .zero }

    func firstSleep() async -> Duration? { await sleeps.stream.first { _ in true } }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        sleeps.continuation.yield(deadline.offset)
        // Until the vault is closed.
        try await Task.sleep(for: .seconds(86_400))
    }
}
