import KeyVaultCrypto
import KeyVaultFormat
import Testing

@testable import KeyVault

@Suite struct SecretCacheTests {
    private let id = RecordID.numbered(1)
    private let key = Answer.secret("sk-1", 1)
    private let outage = VaultError(.store, "The disk is gone.")

    /// The lengths on both sides of each padded length, and one beyond the guarded memory's small slots.
    @Test(arguments: [1, 51, 127, 128, 129, 164, 176, 177, 255, 256, 257, 4096, 65_536])
    func servesWhatWasRead(length: Int) async throws {
        let fixture = try CacheFixture()
        let long = Answer.secret(String(repeating: "k", count: length), 7)
        #expect(try fixture.lookup(id) == nil)
        #expect(try await fixture.read(id, stored: long) == long)
        #expect(try fixture.lookup(id) == long)
        #expect(try await fixture.read(id, stored: .absent) == long)
        #expect(try fixture.lookup(.numbered(2)) == nil)
    }

    @Test func ages() async throws {
        let fixture = try CacheFixture(CacheConfiguration(timeToLive: .seconds(300)))
        _ = try await fixture.read(id, stored: key)
        fixture.clock.step(.seconds(299))
        #expect(try fixture.lookup(id) == key)
        fixture.clock.step(.seconds(1))
        #expect(try fixture.lookup(id) == nil)
        #expect(fixture.cache.statistics.expirations == 1)
        #expect(fixture.cache.statistics.entries == 0)
    }

    @Test(arguments: [(300, 1_000), (1_000, 300)])
    func agesFromWhenTheStoreWasAsked(timeToLive: Int, maximumAge: Int) async throws {
        let fixture = try CacheFixture(
            CacheConfiguration(timeToLive: .seconds(timeToLive), maximumAge: .seconds(maximumAge)))
        _ = try await fixture.cache.read(id) { () async throws(VaultError) in
            fixture.clock.step(.seconds(200))
            return try CacheFixture.fill(key)
        }
        fixture.clock.step(.seconds(99))
        #expect(try fixture.lookup(id) == key)
        fixture.clock.step(.seconds(1))
        #expect(try fixture.lookup(id) == nil)
    }

    @Test func believesInAbsenceForAWhile() async throws {
        let fixture = try CacheFixture(CacheConfiguration(negativeTimeToLive: .seconds(5)))
        #expect(try await fixture.read(id, stored: .absent) == .absent)
        fixture.clock.step(.seconds(4))
        #expect(try fixture.lookup(id) == .absent)
        fixture.clock.step(.seconds(1))
        #expect(try fixture.lookup(id) == nil)
        #expect(fixture.cache.statistics.negativeHits == 1)
    }

    @Test func keepsNothingBeyondItsOwnLifetimeOrTheMaximumAge() async throws {
        let fixture = try CacheFixture(CacheConfiguration(timeToLive: .seconds(300), maximumAge: .seconds(200)))
        _ = try await fixture.read(id, stored: key, lifetime: .seconds(100))
        _ = try await fixture.read(.numbered(2), stored: key)
        fixture.clock.step(.seconds(100))
        #expect(try fixture.lookup(id) == nil)
        #expect(try fixture.lookup(.numbered(2)) == key)
        fixture.clock.step(.seconds(100))
        #expect(try fixture.lookup(.numbered(2)) == nil)
    }

    @Test func keepsNothingWithoutATimeToLive() async throws {
        let fixture = try CacheFixture(CacheConfiguration(timeToLive: .zero, negativeTimeToLive: .seconds(-1)))
        #expect(try await fixture.read(id, stored: key) == key)
        #expect(try await fixture.read(id, stored: .absent) == .absent)
        #expect(fixture.cache.statistics.entries == 0)
    }

    @Test func forgets() async throws {
        let fixture = try CacheFixture()
        let (other, foreign) = (RecordID.numbered(2), RecordID.numbered(1, tenant: "globex"))
        for id in [id, other, foreign] { _ = try await fixture.read(id, stored: key) }
        fixture.cache.invalidate(id)
        #expect(try fixture.lookup(id) == nil)
        #expect(try fixture.lookup(other) == key)
        fixture.cache.invalidate(tenant: "acme")
        #expect(try fixture.lookup(other) == nil)
        #expect(try fixture.lookup(foreign) == key)
        fixture.cache.invalidateAll()
        #expect(try fixture.lookup(foreign) == nil)
        #expect(fixture.cache.statistics.entries == 0)
        #expect(fixture.cache.statistics.bytes == 0)
    }

    @Test(arguments: [false, true]) func anEntryThatDoesNotOpenIsReadAgain(withoutTheLock: Bool) async throws {
        let fixture = try CacheFixture()
        let (cache, other) = (fixture.cache, RecordID.numbered(2))
        let sealed = try #require(try leading(cache, other)).seal(for: other, in: cache)
        // As if both ids had one hash, or the table had a bug.
        cache.plant(sealed, at: SecretCache.hash(id))
        if withoutTheLock {
            let table = cache.shards.table(of: SecretCache.hash(id))
            table.mark(try #require(table.find(SecretCache.hash(id))), visited: true)
            table.latest = cache.time.monotonic()
        }
        #expect(try fixture.lookup(id) == nil)
        #expect(cache.statistics.entries == 0)
        #expect(try await fixture.read(id, stored: key) == key)
    }

    @Test func aNewKeyOfTheCacheLeavesNothingUnderTheOld() async throws {
        let fixture = try CacheFixture(fillsPerKey: 100)
        for number in 0..<99 { _ = try await fixture.read(.numbered(number), stored: key) }
        #expect(fixture.cache.statistics.entries == 99)
        #expect(try await fixture.read(.numbered(99), stored: key) == key)
        #expect(fixture.cache.statistics.entries == 0)
        for number in 0..<99 { _ = try await fixture.read(.numbered(number), stored: key) }
        #expect(fixture.cache.statistics.entries == 99)
        #expect(try fixture.lookup(.numbered(98)) == key)
    }

    // MARK: Bounds

    @Test(arguments: [0, 1, 10, 1000])
    func keepsToItsNumberOfEntries(maximum: Int) async throws {
        let fixture = try CacheFixture(CacheConfiguration(maximumEntries: maximum))
        for number in 0..<2000 { #expect(try await fixture.read(.numbered(number), stored: key) == key) }
        let statistics = fixture.cache.statistics
        #expect(statistics.entries == maximum)
        #expect(statistics.evictions == (maximum == 0 ? 0 : 2000 - UInt64(maximum)))
    }

    @Test func keepsToItsMemory() async throws {
        let fixture = try CacheFixture(CacheConfiguration(maximumBytes: 100_000))
        for number in 0..<500 {
            let secret = Answer.secret(String(repeating: "k", count: number * 37 % 9000 + 1), 1)
            #expect(try await fixture.read(.numbered(number), stored: secret) == secret)
            #expect(try fixture.lookup(.numbered(number)) == secret)
            #expect(fixture.cache.statistics.bytes <= 100_000)
        }
        #expect(fixture.cache.statistics.bytes > 80_000)
        let huge = Answer.secret(String(repeating: "k", count: 65_536), 1)
        let small = try CacheFixture(CacheConfiguration(maximumBytes: 10_000))
        _ = try await small.read(id, stored: key)
        #expect(try await small.read(.numbered(2), stored: huge) == huge)
        #expect(try small.lookup(id) == key)
    }

    @Test func evictsWhatIsNotRead() async throws {
        let fixture = try CacheFixture(CacheConfiguration(maximumEntries: 640))
        // Ten to each shard, out of which a newcomer drives one: where a shard held the wanted one alone, it would be that.
        let shards = Dictionary(grouping: (0..<5000).map { RecordID.numbered($0) }) { SecretCache.hash($0) >> 58 }
        let wanted = shards.values.map { $0[0] }
        for ids in shards.values { for id in ids.prefix(10) { _ = try await fixture.read(id, stored: key) } }
        for id in wanted { _ = try fixture.lookup(id) }
        for number in 5000..<9000 {
            _ = try await fixture.read(.numbered(number), stored: key)
            for id in wanted { _ = try fixture.lookup(id) }
        }
        let kept = try wanted.filter { try fixture.lookup($0) == key }.count
        #expect(kept == 64)
    }

    /// The hand would pass by thousands of empty positions for one entry.
    @Test func anEvictionGivesUpWhatAPeakLeftEmpty() async throws {
        let fixture = try CacheFixture()
        for number in 0..<10_000 { _ = try await fixture.read(.numbered(number), stored: .absent) }
        let kept = (0..<10_000).map { RecordID.numbered($0) }.filter { SecretCache.hash($0) >> 58 == 0 }.prefix(3)
        for number in 0..<10_000 where !kept.contains(.numbered(number)) { fixture.cache.invalidate(.numbered(number)) }
        let table = fixture.cache.shards.table(of: 0)
        #expect(table.count == 3)
        #expect(table.capacity > 128)
        #expect(fixture.cache.shards.withShard(of: 0) { $0.evict(now: fixture.cache.time.monotonic()) })
        #expect(table.count == 2)
        #expect(table.capacity == 8)
        #expect(try kept.filter { try fixture.lookup($0) == .absent }.count == 2)
    }

    // MARK: A store that fails

    @Test func servesNothingStaleUnlessToldTo() async throws {
        let fixture = try CacheFixture()
        _ = try await fixture.read(id, stored: key)
        fixture.clock.step(.seconds(300))
        await #expect(throws: outage) { try await failing(fixture) }
    }

    @Test func servesStaleWithinBounds() async throws {
        let fixture = try CacheFixture(
            CacheConfiguration(timeToLive: .seconds(300), staleOnStoreError: .seconds(1000), maximumAge: .seconds(900)))
        _ = try await fixture.read(id, stored: key)
        fixture.clock.step(.seconds(899))
        #expect(try fixture.lookup(id) == nil)
        #expect(try await failing(fixture) == key)
        #expect(fixture.cache.statistics.staleServes == 1)
        fixture.clock.step(.seconds(1))
        await #expect(throws: outage) { try await failing(fixture) }

        // Its own lifetime counts, and that it was forgotten.
        _ = try await fixture.read(id, stored: key, lifetime: .seconds(400))
        fixture.clock.step(.seconds(400))
        await #expect(throws: outage) { try await failing(fixture) }
        _ = try await fixture.read(id, stored: key)
        fixture.clock.step(.seconds(300))
        fixture.cache.invalidate(id)
        await #expect(throws: outage) { try await failing(fixture) }
    }

    @Test func anAnswerOfTheStoreEndsWhatWasKnown() async throws {
        let fixture = try CacheFixture(
            CacheConfiguration(timeToLive: .seconds(300), staleOnStoreError: .seconds(300)))
        _ = try await fixture.read(id, stored: key)
        fixture.clock.step(.seconds(300))
        let disabled = VaultError(.disabled, "The key is disabled.")
        await #expect(throws: disabled) { try await failing(fixture, with: disabled) }
        await #expect(throws: outage) { try await failing(fixture) }
    }

    @Test func anAbsenceThatIsNotKeptEndsWhatWasKnownToo() async throws {
        let fixture = try CacheFixture(
            CacheConfiguration(
                timeToLive: .seconds(300), negativeTimeToLive: .zero, staleOnStoreError: .seconds(300)))
        _ = try await fixture.read(id, stored: key)
        fixture.clock.step(.seconds(300))
        _ = try await fixture.read(id, stored: .absent)
        await #expect(throws: outage) { try await failing(fixture) }
    }

    // MARK: A clock that goes backwards

    @Test func aClockThatGoesBackLengthensNoLife() async throws {
        let fixture = try CacheFixture(CacheConfiguration(timeToLive: .seconds(300)))
        _ = try await fixture.read(id, stored: key)
        fixture.clock.step(.seconds(250))
        #expect(try fixture.lookup(id) == key)
        fixture.clock.step(.seconds(-100))
        #expect(try fixture.lookup(id) == nil)
        fixture.clock.step(.seconds(-30_000))
        #expect(try await fixture.read(id, stored: key) == key)
    }

    private func failing(_ fixture: CacheFixture, with error: VaultError? = nil) async throws(VaultError) -> Answer {
        Answer(try await fixture.cache.read(id) { () async throws(VaultError) in throw error ?? outage })
    }

    private func leading(_ cache: SecretCache, _ id: RecordID) throws -> Flight? {
        switch try cache.begin(id) {
        case .lead(let flight): flight
        default: nil
        }
    }
}

extension Flight {
    fileprivate func seal(for id: RecordID, in cache: SecretCache) throws -> SealedSecret {
        let secret = Array("sk-1".utf8)
        return try cache.seal(secret.span, revision: 1, for: id, in: self)
    }
}

extension SecretCache {
    /// Puts sealed bytes where those of another record belong.
    fileprivate func plant(_ sealed: SealedSecret, at hash: UInt64) {
        let entry = CacheEntry(
            hash: hash, freshUntil: .max, usableUntil: .max, revision: 1, nonce: sealed.nonce,
            secretLength: UInt32(sealed.secretLength), tenant: 0)
        shards.withShard(of: hash) { $0.insert(entry, sealed: sealed.bytes.span) }
    }
}
