import KeyVaultFormat
import Synchronization
import Testing

@testable import KeyVault

/// Many tasks that want one record.
@Suite struct CacheFlightTests {
    private let id = RecordID.numbered(1)
    private let key = Answer.secret("sk-1", 1)

    @Test func tenThousandTasksMakeOneRead() async throws {
        let (fixture, store) = (try CacheFixture(), Gate())
        try await withThrowingTaskGroup(of: Answer.self) { group in
            for _ in 0..<10_000 { group.addTask { try await fixture.read(id, through: store) } }
            await fixture.waiters(on: id, reach: 9_999)
            store.open()
            for try await answer in group { #expect(answer == key) }
        }
        #expect(store.reads == 1)
        let statistics = fixture.cache.statistics
        #expect(statistics.fills == 1)
        #expect(statistics.coalesced == 9_999)
        #expect(statistics.misses == 10_000)
    }

    @Test func followersOutliveACancelledLeader() async throws {
        let (fixture, store) = (try CacheFixture(), Gate())
        let leader = Task { try await fixture.read(id, through: store) }
        await store.reads(reach: 1)
        let followers = (0..<10).map { _ in Task { try await fixture.read(id, through: store) } }
        await fixture.waiters(on: id, reach: 10)
        leader.cancel()
        // One of the ten reads now.
        await store.reads(reach: 2)
        await fixture.waiters(on: id, reach: 9)
        store.open()
        await #expect(throws: VaultError(.cancelled, "")) { try await leader.value }
        for follower in followers { #expect(try await follower.value == key) }
        #expect(store.reads == 2)
    }

    @Test func aCancelledFollowerLeavesAlone() async throws {
        let (fixture, store) = (try CacheFixture(), Gate())
        let leader = Task { try await fixture.read(id, through: store) }
        await store.reads(reach: 1)
        let (patient, hasty) = (
            Task { try await fixture.read(id, through: store) }, Task { try await fixture.read(id, through: store) }
        )
        await fixture.waiters(on: id, reach: 2)
        hasty.cancel()
        await #expect(throws: VaultError(.cancelled, "")) { try await hasty.value }
        store.open()
        #expect(try await leader.value == key)
        #expect(try await patient.value == key)
        #expect(store.reads == 1)
    }

    @Test func allWhoWaitShareAnErrorAndTheNextTriesAgain() async throws {
        let (fixture, store) = (try CacheFixture(), Gate())
        store.fail(VaultError(.store, "The disk is gone."))
        let readers = (0..<10).map { _ in Task { try await fixture.read(id, through: store) } }
        await fixture.waiters(on: id, reach: 9)
        store.open()
        for reader in readers {
            await #expect(throws: VaultError(.store, "")) { try await reader.value }
        }
        #expect(store.reads == 1)
        store.fail(nil)
        #expect(try await fixture.read(id, through: store) == key)
    }

    /// What it brings may be older than anything may be that is served.
    @Test func whoComesAfterTheMaximumAgeDoesNotJoinWhatCameBefore() throws {
        let fixture = try CacheFixture(CacheConfiguration(timeToLive: .seconds(1_000), maximumAge: .seconds(300)))
        func leads() throws -> Bool { if case .lead = try fixture.cache.begin(id) { true } else { false } }
        #expect(try leads())
        fixture.clock.step(.seconds(299))
        #expect(try !leads())
        fixture.clock.step(.seconds(1))
        #expect(try leads())
    }

    @Test(arguments: [false, true]) func whoComesAfterADeleteDoesNotJoinWhatCameBefore(ofTheTenant: Bool) async throws {
        let (fixture, store) = (try CacheFixture(), Gate())
        let early = Task { try await fixture.read(id, through: store) }
        await store.reads(reach: 1)
        if ofTheTenant { fixture.cache.invalidate(tenant: id.tenant) } else { fixture.cache.invalidate(id) }
        // Whoever joined it would have to wait for the store.
        guard case .lead(let flight) = try fixture.cache.begin(id) else {
            store.open()
            Issue.record("It joins what came before.")
            return
        }
        #expect(Answer(try fixture.cache.complete(flight, id, .absent)) == .absent)
        store.open()
        #expect(try await early.value == key)
        #expect(try fixture.lookup(id) == .absent)
    }
}

/// A store whose reads wait until it opens, or their task is cancelled.
private final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var reads = 0
        var error: VaultError?
    }
    private let state = Mutex(State())

    var reads: Int { state.withLock(\.reads) }

    func open() { state.withLock { $0.isOpen = true } }

    func fail(_ error: VaultError?) { state.withLock { $0.error = error } }

    func pass() async throws(VaultError) {
        state.withLock { $0.reads += 1 }
        while !state.withLock(\.isOpen) {
            if Task.isCancelled { throw VaultError(.cancelled, "") }
            await Task.yield()
        }
        if let error = state.withLock(\.error) { throw error }
    }

    func reads(reach count: Int) async { while reads < count { await Task.yield() } }
}

extension CacheFixture {
    fileprivate func read(_ id: RecordID, through gate: Gate) async throws(VaultError) -> Answer {
        Answer(
            try await cache.read(id) { () async throws(VaultError) in
                try await gate.pass()
                return try CacheFixture.fill(.secret("sk-1", 1))
            })
    }

    fileprivate func waiters(on id: RecordID, reach count: Int) async {
        while cache.waiters(on: id) < count { await Task.yield() }
    }
}

extension SecretCache {
    fileprivate func waiters(on id: RecordID) -> Int {
        shards.withShard(of: Self.hash(id)) { $0.flight(of: id)?.waiters ?? 0 }
    }
}
