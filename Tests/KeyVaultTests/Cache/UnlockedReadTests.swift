import Foundation
import KeyVaultFormat
import Synchronization
import Testing

@testable import KeyVault

/// Reads that take no lock, and are overtaken between any two of their steps by whatever happens under it.
@Suite struct UnlockedReadTests {
    private let id = RecordID.numbered(1)
    private let key = Answer.secret("sk-1", 1)

    /// What can overtake a read; each makes what was about to be read wrong.
    enum Change: CaseIterable, Sendable {
        case delete, replace, letAnotherTakeItsPlace, purgeTenant, purge, renewCipher, turnBackTheClock
        /// So many others that the index grows.
        case fill
    }

    /// A cache that has room for two records, and the key of one of them, read once since it was cached: so the next read of it takes
    /// no lock.
    private func fixture(room: Int = 2, staleness: Duration? = nil) async throws -> CacheFixture {
        let fixture = try CacheFixture(
            CacheConfiguration(maximumEntries: room, staleOnStoreError: staleness))
        #expect(try await fixture.read(id, stored: key) == key)
        #expect(try fixture.openUnlocked(id) == nil)
        #expect(try fixture.lookup(id) == key)
        #expect(try fixture.openUnlocked(id) == key)
        return fixture
    }

    private func make(_ change: Change, in fixture: CacheFixture) throws {
        switch change {
        case .delete: fixture.cache.invalidate(id)
        case .replace:
            fixture.cache.invalidate(id)
            try fixture.fillAtOnce(id, .secret("sk-2", 2))
        case .letAnotherTakeItsPlace:
            let number = fixture.table(of: id).find(SecretCache.hash(id))?.number
            fixture.cache.invalidate(id)
            let other = RecordID.numbered(2)
            try fixture.fillAtOnce(other, .secret("sk-of-another", 1))
            // The one that was freed last is given out first.
            #expect(fixture.table(of: other).find(SecretCache.hash(other))?.number == number)
        case .purgeTenant: fixture.cache.invalidate(tenant: id.tenant)
        case .purge: fixture.cache.invalidateAll()
        case .renewCipher: try fixture.cache.renewCipher()
        case .turnBackTheClock:
            fixture.clock.step(.seconds(-1))
            // Some other read of the same shard notices it.
            #expect(try fixture.lookup(id) == nil)
        case .fill:
            for number in 2..<2000 { try fixture.fillAtOnce(.numbered(number), .absent) }
        }
    }

    @Test(arguments: Change.allCases, UnlockedStep.allCases)
    func nothingTornOrOutdatedComesOfAReadThatIsOvertaken(_ change: Change, _ step: UnlockedStep) async throws {
        let fixture = try await fixture(room: 4000)
        let found = try fixture.openUnlocked(id) { reached in
            if reached == step { try make(change, in: fixture) }
        }
        #expect(found == nil)
        // Nor does it when it comes after.
        let after = try fixture.lookup(id)
        switch change {
        case .fill: #expect(after == key)
        case .replace: #expect(after == .secret("sk-2", 2))
        default: #expect(after == nil)
        }
    }

    /// What a peak left empty is given up, and what is left moves.
    @Test(arguments: UnlockedStep.allCases)
    func nothingComesOfAReadThatIsOvertakenByShrinking(_ step: UnlockedStep) async throws {
        let fixture = try await fixture(room: 4000)
        let table = fixture.table(of: id)
        try make(.fill, in: fixture)
        for number in 2..<2000 { fixture.cache.invalidate(.numbered(number)) }
        #expect(table.capacity > 8)
        let found = try fixture.openUnlocked(id) { if $0 == step { table.shrink() } }
        #expect(found == nil)
        #expect(table.capacity == 8)
        #expect(try fixture.openUnlocked(id) == key)
    }

    @Test func nothingIsReadWhileSomebodyIsAtWork() async throws {
        let fixture = try await fixture()
        fixture.table(of: id).change { #expect((try? fixture.openUnlocked(id)) == nil) }
        #expect(try fixture.openUnlocked(id) == key)
    }

    /// The eviction hand took the mark away, and the first read must put it back.
    @Test func whatWasNotReadSinceTheHandPassedIsReadUnderTheLock() async throws {
        let fixture = try await fixture()
        let table = fixture.table(of: id)
        table.mark(try #require(table.find(SecretCache.hash(id))), visited: false)
        #expect(try fixture.openUnlocked(id) == nil)
        #expect(try fixture.lookup(id) == key)
        #expect(try fixture.openUnlocked(id) == key)
    }

    @Test func theFirstReadAfterATickTakesTheLock() async throws {
        let fixture = try await fixture()
        fixture.clock.step(.nanoseconds(1))
        #expect(try fixture.openUnlocked(id) == nil)
        #expect(try fixture.lookup(id) == key)
        #expect(try fixture.openUnlocked(id) == key)
        fixture.clock.step(.seconds(-1))
        #expect(try fixture.openUnlocked(id) == nil)
    }

    /// The call that finds an entry to be too old notes the time, and leaves it there for a store that fails: the next one must not
    /// serve it.
    @Test func whatIsTooOldIsNotServed() async throws {
        let fixture = try await fixture(staleness: .seconds(300))
        fixture.clock.step(.seconds(300))
        #expect(try fixture.lookup(id) == nil)
        #expect(fixture.cache.statistics.entries == 1)
        #expect(try fixture.openUnlocked(id) == nil)
        #expect(try fixture.lookup(id) == nil)
    }

    @Test(arguments: [176, 177, 4096]) func whatDoesNotLieInTheSlabIsReadUnderTheLock(length: Int) async throws {
        let fixture = try CacheFixture()
        let long = Answer.secret(String(repeating: "k", count: length), 1)
        #expect(try await fixture.read(id, stored: long) == long)
        #expect(try fixture.lookup(id) == long)
        var isLooked = false
        let found = try fixture.openUnlocked(id) { if $0 == .looked { isLooked = true } }
        #expect(isLooked == (length == 176))
        #expect(found == (length == 176 ? long : nil))
        #expect(try fixture.lookup(id) == long)
    }

    private final class Writer: Sendable {
        let isDone = Atomic(false)
    }

    /// Threads that read while the index grows and shrinks, entries come and go, and caches end.
    @Test func readersDuringGrowth() async throws {
        for _ in 0..<8 {
            let fixture = try await fixture(room: 4000)
            let writer = Writer()
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<2 {
                    group.addTask {
                        while !writer.isDone.load(ordering: .relaxed) {
                            for number in 1..<200 {
                                let id = RecordID.numbered(number)
                                let found = try? fixture.lookup(id)
                                #expect(found == nil || found == .secret("key of \(number)", 1) || found == key)
                                #expect(found != key || number == 1)
                            }
                            await Task.yield()
                        }
                    }
                }
                for round in 0..<3 {
                    for number in 2..<1000 {
                        try? fixture.fillAtOnce(.numbered(number), .secret("key of \(number)", 1))
                    }
                    if round < 2 {
                        for number in 100..<1000 { fixture.cache.invalidate(.numbered(number)) }
                        for index in 0..<ShardTable.count {
                            fixture.cache.shards.withShard(index) { _ = $0.evict(now: 0) }
                        }
                    }
                    if round == 2 { fixture.cache.invalidate(tenant: id.tenant) }
                    await Task.yield()
                }
                writer.isDone.store(true, ordering: .relaxed)
            }
        }
    }

    @Test func hitsOfAllThreadsAreCounted() async throws {
        let fixture = try await fixture()
        #expect(try await fixture.read(.numbered(2), stored: .absent) == .absent)
        let before = fixture.cache.statistics
        let (threads, rounds) = (8, 1000)
        let done = DispatchGroup()
        for _ in 0..<threads {
            done.enter()
            Thread.detachNewThread {
                for _ in 0..<rounds {
                    #expect((try? fixture.lookup(id)) == key)
                    #expect((try? fixture.lookup(.numbered(2))) == .absent)
                }
                done.leave()
            }
        }
        await withCheckedContinuation { continuation in done.notify(queue: .global()) { continuation.resume() } }
        let after = fixture.cache.statistics
        #expect(after.hits - before.hits == UInt64(threads * rounds))
        #expect(after.negativeHits - before.negativeHits == UInt64(threads * rounds))
    }

    @Test func threadsWithoutANumberShareACounter() async {
        let counters = HitCounters()
        DispatchQueue.concurrentPerform(iterations: 4) { thread in
            for _ in 0..<1000 { counters.count(isAbsent: thread % 2 == 0, thread: 0) }
        }
        #expect(counters.sum(isAbsent: false) == 2000)
        #expect(counters.sum(isAbsent: true) == 2000)
    }
}

extension CacheFixture {
    fileprivate func table(of id: RecordID) -> CacheTable { cache.shards.table(of: SecretCache.hash(id)) }

    /// What can be read without a lock.
    fileprivate func openUnlocked(_ id: RecordID, pause: (UnlockedStep) throws -> Void = { _ in }) throws -> Answer? {
        var failure: (any Error)?
        let found = table(of: id).openUnlocked(id, SecretCache.hash(id), now: cache.time.monotonic()) { step in
            do { try pause(step) } catch { failure = error }
        }
        if let failure { throw failure }
        switch consume found {
        case .none: return nil
        case .some(let found): return Answer(found)
        }
    }

    /// Reads through the cache, without waiting.
    fileprivate func fillAtOnce(_ id: RecordID, _ stored: Answer) throws {
        guard case .lead(let flight) = try cache.begin(id) else { return }
        _ = try cache.complete(flight, id, Self.fill(stored))
    }
}
