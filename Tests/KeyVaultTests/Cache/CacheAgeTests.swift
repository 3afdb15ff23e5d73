import Foundation
import KeyVaultFormat
import KeyVaultTesting
import Testing

@testable import KeyVault

/// Ages at the ends of what can be counted, and what ages while somebody waits.
@Suite struct CacheAgeTests {
    private let id = RecordID.numbered(1)
    private let key = Answer.secret("sk-1", 1)

    @Test(
        arguments: [
            (.zero, 0), (.seconds(-1), 0), (.nanoseconds(1), 1), (.milliseconds(1500), 1_500_000_000),
            (.seconds(9_223_372_035), 9_223_372_035_000_000_000), (.seconds(9_223_372_036), UInt64(Int64.max)),
            (.seconds(Int64.max), UInt64(Int64.max)),
        ] as [(Duration, UInt64)])
    func aDurationInNanoseconds(_ duration: Duration, _ nanoseconds: UInt64) {
        #expect(duration.clampedNanoseconds == nanoseconds)
    }

    @Test func aSumStaysAtTheLastMoment() {
        #expect(UInt64(5).advanced(saturatingBy: 7) == 12)
        #expect((UInt64.max - 1).advanced(saturatingBy: 1) == .max)
        #expect((UInt64.max - 1).advanced(saturatingBy: 2) == .max)
    }

    /// That the store cannot read what it holds is an answer, and no outage.
    @Test(arguments: [(StoreError.Code.io, true), (.corrupt, false)])
    func onlyWhileTheStoreIsOutOfReachIsAnOldSecretServed(_ code: StoreError.Code, _ isServed: Bool) async throws {
        let (store, clock) = (FaultInjectingStore(MemoryStore()), ManualClock())
        let vault = try await Vault.create(
            in: store, masterKey: MasterKeyRing(try MasterKey.random()),
            configuration: VaultConfiguration(
                cache: CacheConfiguration(staleOnStoreError: .seconds(100)),
                foreignChangeInterval: .seconds(1_000_000), clock: clock, date: { clock.date }))
        try await vault.put(Secret("sk-1"), for: id)
        _ = try await vault.withSecret(id) { $0.byteCount }
        clock.advance(by: .seconds(301))
        store.fail(.read, with: StoreError(code, "It fails."))
        let length = try? await vault.withSecret(id) { $0.byteCount }
        #expect(length == (isServed ? 4 : nil))
    }

    @Test func whatNeverAgesIsServedForEver() async throws {
        let age = Duration.seconds(Int64.max)
        let fixture = try CacheFixture(CacheConfiguration(timeToLive: age, staleOnStoreError: age, maximumAge: age))
        _ = try await fixture.read(id, stored: key)
        fixture.clock.step(.seconds(200 * 365 * 86_400))
        #expect(try fixture.lookup(id) == key)
    }

    /// It may still be served when the store is asked, and no longer when the store has failed.
    @Test func whatGrowsTooOldWhileTheStoreIsAskedIsNotServed() async throws {
        let fixture = try CacheFixture(
            CacheConfiguration(timeToLive: .seconds(300), staleOnStoreError: .seconds(100), maximumAge: .seconds(900)))
        _ = try await fixture.read(id, stored: key)
        func failing(after wait: Duration) async -> Answer? {
            try? await Answer(
                fixture.cache.read(id) { () async throws(VaultError) in
                    fixture.clock.step(wait)
                    throw VaultError(.store, "The disk is gone.")
                })
        }
        fixture.clock.step(.seconds(300))
        #expect(await failing(after: .seconds(99)) == key)
        #expect(await failing(after: .seconds(1)) == nil)
        #expect(fixture.cache.statistics.staleServes == 1)
    }

    @Test func whoIsCancelledBeforeWaitingDoesNotWait() async throws {
        let fixture = try CacheFixture()
        guard case .lead(let flight) = try fixture.cache.begin(id) else {
            Issue.record("Somebody else reads.")
            return
        }
        let waiter = Task {
            // The task itself, which is there while this runs.
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            return await flight.outcome() == nil
        }
        #expect(await waiter.value)
        #expect(flight.waiters == 0)
    }

    @Test func theSystemsClocksGoForwards() {
        let time = TimeSource.system
        let (before, start) = (Date(), time.monotonic())
        let date = time.date()
        #expect(before <= date && date <= Date())
        #expect(start > 0 && time.monotonic() >= start)
    }

    @Test func aClockThatGoesBehindItsStartStandsStillThere() {
        let clock = SteppingClock()
        let time = TimeSource(clock: clock, date: { Date(timeIntervalSince1970: 0) })
        clock.step(.milliseconds(1500))
        #expect(time.monotonic() == 1_500_000_000)
        clock.step(.seconds(-10))
        #expect(time.monotonic() == 0)
    }
}
