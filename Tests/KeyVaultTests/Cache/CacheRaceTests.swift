import KeyVaultFormat
import Testing

@testable import KeyVault

/// Walks through every order in which the steps of concurrent readers and writers can fall.
///
/// A reader begins, reads the store, and completes; a writer writes the store, then makes the cache forget, and only then
/// returns. Whatever the order, a reader must not get what was replaced before it began.
@Suite struct CacheRaceTests {
    @Test func aFillAgainstADelete() throws {
        #expect(try World.walk([.read(), .delete], startingWithKey: true) == 10)
        #expect(try World.walk([.read(), .read(), .delete, .read()], startingWithKey: true) > 90_000)
    }

    @Test func aFillAgainstAReplacement() throws {
        #expect(try World.walk([.read(), .read(), .replace], startingWithKey: true) == 560)
        #expect(try World.walk([.read(), .replace, .replace], startingWithKey: true) == 210)
    }

    @Test func aFillAgainstACreation() throws {
        #expect(try World.walk([.read(), .read(), .replace], startingWithKey: false) == 560)
    }

    @Test func twoFills() throws {
        #expect(try World.walk([.read(), .read(), .read()], startingWithKey: true) == 1680)
    }

    @Test(arguments: [Actor.purge, .purgeTenant, .renewCipher])
    func aFillAgainstAPurge(purge: Actor) throws {
        #expect(try World.walk([.read(), .read(), .replace, purge], startingWithKey: true) > 1000)
    }

    @Test func anExpiryDuringAFill() throws {
        #expect(try World.walk([.read(), .read(), .expire, .replaceElsewhere], startingWithKey: true) > 1000)
        #expect(try World.walk([.read(), .replaceElsewhere, .expire, .expire], startingWithKey: true) > 100)
    }

    @Test func aLeaderThatIsCancelled() throws {
        #expect(try World.walk([.read(.cancelled), .read(), .replace], startingWithKey: true) == 560)
        #expect(try World.walk([.read(.cancelled), .read(.cancelled), .read()], startingWithKey: true) == 1680)
    }

    @Test func aStoreThatFails() throws {
        #expect(try World.walk([.read(.failing), .read(), .replace], startingWithKey: true) == 560)
        #expect(
            try World.walk([.read(.failing), .read(), .delete, .expire], startingWithKey: true, stale: true) > 1000)
    }

    @Test func aClockThatGoesBackwards() throws {
        #expect(try World.walk([.read(), .read(), .replace, .clockBack], startingWithKey: true) > 1000)
    }
}

/// One of those whose steps interleave.
enum Actor: Sendable {
    enum Fate: Sendable { case succeeding, failing, cancelled }

    case read(_ fate: Fate = .succeeding)
    case replace
    case delete
    /// Another process, whose writes only age makes known.
    case replaceElsewhere
    case purge
    case purgeTenant
    case renewCipher
    case expire
    case clockBack

    var steps: Int {
        switch self {
        case .read: 3
        case .replace, .delete: 2
        default: 1
        }
    }
}

/// A store of one record, a cache, and the history to judge by.
private final class World {
    static let timeToLive = Duration.seconds(300)

    /// What the store has held; a record is absent at some versions.
    private var versions: [Answer]
    /// The version that was current when the last write returned: nobody who begins now may get an older one.
    private var acknowledged = 0
    /// The real time at which each version was superseded by another process, which nobody tells the cache.
    private var superseded: [Int: Duration] = [:]
    private var realTime = Duration.zero
    private var readers: [Int: Reader] = [:]
    private let fixture: CacheFixture
    private let id: RecordID
    private let stale: Bool

    private struct Reader {
        var floor: Int
        var began: Duration
        var flight: Flight?
        var isLeader = false
        var seen: Answer?
        var isDone = false
    }

    init(_ fixture: CacheFixture, _ id: RecordID, startingWithKey: Bool, stale: Bool) {
        self.fixture = fixture
        self.id = id
        self.stale = stale
        versions = [startingWithKey ? .secret("first", 1) : .absent]
    }

    /// Plays every order of the actors' steps.
    ///
    /// - Returns: how many there were.
    static func walk(_ actors: [Actor], startingWithKey: Bool, stale: Bool = false) throws -> Int {
        let fixture = try CacheFixture(
            CacheConfiguration(timeToLive: timeToLive, staleOnStoreError: stale ? .seconds(300) : nil))
        var schedules = 0
        try eachOrder(actors.map(\.steps)) { order in
            schedules += 1
            let world = World(
                fixture, .numbered(schedules), startingWithKey: startingWithKey, stale: stale)
            var done = actors.map { _ in 0 }
            for actor in order {
                try world.play(actors[actor], number: actor, step: done[actor])
                done[actor] += 1
            }
            try world.finish(actors)
            fixture.cache.invalidateAll()
        }
        return schedules
    }

    /// Calls `body` with every order in which so many steps of each actor can fall.
    private static func eachOrder(_ steps: [Int], _ order: [Int] = [], _ body: ([Int]) throws -> Void) rethrows {
        if steps.allSatisfy({ $0 == 0 }) { return try body(order) }
        for actor in steps.indices where steps[actor] > 0 {
            var left = steps
            left[actor] -= 1
            try eachOrder(left, order + [actor], body)
        }
    }

    private func play(_ actor: Actor, number: Int, step: Int) throws {
        switch actor {
        case .read(let fate): try read(number, fate, step)
        case .replace, .delete:
            if step == 0 {
                let revision = UInt64(versions.count + 1)
                if case .delete = actor { versions.append(.absent) } else { versions.append(.secret("next", revision)) }
                // The write is in the store but not acknowledged: either version will do.
            } else {
                fixture.cache.invalidate(id)
                acknowledged = max(acknowledged, versions.count - 1)
            }
        case .replaceElsewhere:
            superseded[versions.count - 1] = realTime
            versions.append(.secret("elsewhere", UInt64(versions.count + 1)))
        case .purge: fixture.cache.invalidateAll()
        case .purgeTenant: fixture.cache.invalidate(tenant: id.tenant)
        case .renewCipher: try fixture.cache.renewCipher()
        case .expire:
            realTime += Self.timeToLive
            fixture.clock.step(Self.timeToLive)
        case .clockBack:
            realTime += .seconds(1)
            fixture.clock.step(.seconds(-60))
        }
    }

    private func read(_ number: Int, _ fate: Actor.Fate, _ step: Int) throws {
        var reader = readers[number] ?? Reader(floor: acknowledged, began: realTime)
        guard !reader.isDone else { return }
        switch step {
        case 0: try begin(&reader)
        case 1: reader.seen = versions[versions.count - 1]
        default: try end(&reader, fate)
        }
        readers[number] = reader
    }

    private func begin(_ reader: inout Reader) throws {
        switch try fixture.cache.begin(id) {
        case .cached(let found):
            judge(Answer(found), reader)
            reader.isDone = true
        case .lead(let flight): (reader.flight, reader.isLeader) = (flight, true)
        case .join(let flight): (reader.flight, reader.isLeader) = (flight, false)
        }
    }

    private func end(_ reader: inout Reader, _ fate: Actor.Fate) throws {
        guard let flight = reader.flight else { return }
        guard reader.isLeader else {
            // Nothing to do until the flight ends; `finish` looks again.
            return
        }
        reader.isDone = true
        switch fate {
        case .succeeding:
            let filled = try CacheFixture.fill(reader.seen ?? .absent)
            judge(Answer(try fixture.cache.complete(flight, id, filled)), reader)
        case .failing, .cancelled:
            let error = VaultError(.store, "The store is gone.")
            let served = fixture.cache.fail(flight, id, error, isCancelled: fate == .cancelled)
            if let served { judge(Answer(try served.open(for: id)), reader) }
        }
    }

    /// Lets those end who wait, then asks once more: now, and when everything has aged.
    private func finish(_ actors: [Actor]) throws {
        for case (let number, var reader) in readers where !reader.isDone {
            guard let flight = reader.flight, !reader.isLeader else { continue }
            switch flight.settled {
            case .filled(let sealed): judge(Answer(try sealed.open(for: id)), reader)
            case .failed: break
            case .abandoned:
                // As `SecretCache.read` does: begin again, now as a leader or with another's.
                try begin(&reader)
                #expect(reader.isDone || reader.flight !== flight, "nobody joins what was abandoned")
                if reader.isLeader, let flight = reader.flight {
                    let filled = try CacheFixture.fill(versions[versions.count - 1])
                    judge(Answer(try fixture.cache.complete(flight, id, filled)), reader)
                }
            case nil: Issue.record("reader \(number) waits for a flight that never ended")
            }
        }
        if let found = try fixture.lookup(id) { judge(found, Reader(floor: acknowledged, began: realTime)) }
        realTime += Self.timeToLive
        fixture.clock.step(Self.timeToLive)
        #expect(try fixture.lookup(id) == nil, "everything has aged")
    }

    /// A reader may get what was current at any time since it began, or, of what another process replaced, since the time
    /// to live before that.
    private func judge(_ answer: Answer, _ reader: Reader) {
        let allowed = versions.indices.filter { version in
            guard version >= reader.floor else { return false }
            guard let end = superseded[version] else { return true }
            return end + Self.timeToLive * (stale ? 2 : 1) > reader.began || end >= reader.began
        }
        #expect(allowed.contains { versions[$0] == answer }, "\(answer) of \(versions), from \(reader.floor)")
    }
}
