import KeyVaultTesting
import Synchronization
import Testing

@testable import KeyVault

/// What happens when another process has rotated the master key, and the source of keys takes its time.
@Suite struct LiveKeysTests {
    private let base = ExchangeableStore(MemoryStore())
    private let clock = ManualClock()
    private let writer: Vault
    private let store: FaultInjectingStore
    private let source: SlowSource
    private let reader: Vault

    init() async throws {
        let old = MasterKeyRing(try MasterKey.random())
        store = FaultInjectingStore(base)
        source = SlowSource(old)
        writer = try await Vault.create(
            in: base, masterKey: old, configuration: VaultConfiguration(clock: ManualClock()))
        var configuration = VaultConfiguration(clock: clock)
        // How often the source is asked must not hang on how busy the machine is.
        configuration.masterKeyPatience = .seconds(3_600)
        reader = try await Vault.open(store, keys: source, configuration: configuration)
    }

    @Test func aHundredReadsAskTheSourceOnce() async throws {
        let ids = try (0..<100).map { try RecordID(tenant: "t\($0)", provider: "example") }
        try await writer.put(try ids.map { PutRequest($0, try Secret("secret")) })
        let new = MasterKeyRing(try MasterKey.random())
        _ = try await writer.rotateMasterKey(to: new)
        source.ring.withLock { $0 = new }
        store.hold(.read)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for id in ids { group.addTask { [reader] in try await reader.withSecret(id) { $0.byteCount } } }
            await store.waitUntilHeld(.read, count: ids.count)
            store.release(.read)
            for try await count in group { #expect(count == 6) }
        }
        // Besides the once when the vault was opened.
        #expect(source.asked.withLock { $0 } == 2)
    }

    /// As every request finds it.
    @Test func healthSaysThatAMasterKeyIsMissing() async throws {
        let new = MasterKeyRing(try MasterKey.random())
        _ = try await writer.rotateMasterKey(to: new)
        guard case .unavailable(let reason) = await reader.health().store else {
            Issue.record("The health is good.")
            return
        }
        #expect(reason.contains("was retired from this vault"), "\(reason)")
        // A key that is to be had is asked for.
        source.ring.withLock { $0 = new }
        clock.advance(by: .seconds(1))
        #expect(await reader.health().store == .connected)
        #expect(await writer.health().store == .connected)
    }

    /// As a key service does that is out of reach.
    @Test func healthDoesNotWaitForASourceThatDoesNotAnswer() async throws {
        _ = try await writer.rotateMasterKey(to: MasterKeyRing(try MasterKey.random()))
        source.isHeld.store(true, ordering: .relaxed)
        let answer = Mutex<VaultHealth.Store?>(nil)
        let asked = Task { [reader] in
            let health = await reader.health().store
            answer.withLock { $0 = health }
        }
        while answer.withLock({ $0 }) == nil {
            clock.advance(by: .seconds(1))
            await Task.yield()
        }
        #expect(answer.withLock { $0 } != .connected)
        source.isHeld.store(false, ordering: .relaxed)
        await asked.value
    }

    /// What waits for a source that never answers waits for ever.
    @Test func allWhoAskForHealthShareOneWait() async throws {
        _ = try await writer.rotateMasterKey(to: MasterKeyRing(try MasterKey.random()))
        source.isHeld.store(true, ordering: .relaxed)
        let answers = Mutex(0)
        let counting = CountingClock(clock)
        let time = TimeSource(clock: counting) { [clock] in clock.date }
        let keys = LiveKeys(reader.keys, store: store, source: source, time: time, patience: .seconds(3_600))
        for _ in 0..<50 {
            Task.immediate { @Sendable [keys] in
                do { try await keys.refresh(within: .seconds(1)) } catch { answers.withLock { $0 += 1 } }
            }
        }
        while answers.withLock({ $0 }) < 50 {
            clock.advance(by: .seconds(1))
            await Task.yield()
        }
        #expect(counting.sleeps.withLock { $0 } == 1)
        source.isHeld.store(false, ordering: .relaxed)
    }

    /// A call that never answers gives way to another one, also where health alone asks.
    @Test func healthAsksAgainWhereTheSourceHasHung() async throws {
        let new = MasterKeyRing(try MasterKey.random())
        _ = try await writer.rotateMasterKey(to: new)
        source.hangs.store(true, ordering: .relaxed)
        // No patience at all: whatever is under way is taken for one that hangs.
        let time = TimeSource(clock: clock) { [clock] in clock.date }
        let keys = LiveKeys(reader.keys, store: store, source: source, time: time, patience: .zero)
        let failed = Mutex(false)
        let first = Task {
            do { try await keys.refresh(within: .zero) } catch { failed.withLock { $0 = true } }
        }
        while !failed.withLock({ $0 }) {
            clock.advance(by: .seconds(1))
            await Task.yield()
        }
        await first.value
        source.ring.withLock { $0 = new }
        source.hangs.store(false, ordering: .relaxed)
        // A time that the call which hangs has taken already, and the clock does not reach.
        try await keys.refresh(within: .nanoseconds(1))
        #expect(keys.current.header.activeKeyID == new.ids[0])
        source.end()
    }

    /// Another process has ended a rotation to a key that this one cannot get.
    @Test(arguments: [VaultError.Code.missingMasterKey, .retiredMasterKey, .wrongMasterKey, .unreadableMasterKey])
    func withoutTheNewMasterKeyEverythingIsListed(code: VaultError.Code) async throws {
        let id = try RecordID(tenant: "acme", provider: "example")
        try await writer.put(Secret("secret"), for: id)
        _ = try await writer.createToken(for: "acme")
        _ = try await writer.rotateMasterKey(to: MasterKeyRing(try MasterKey.random()))
        if code != .retiredMasterKey { source.error.withLock { $0 = VaultError(code, "No.") } }
        #expect(try await reader.list().entries.map { $0.damage != nil } == [true])
        #expect(try await reader.entry(for: id).damage != nil)
        #expect(try await reader.tokens().map(\.tenant) == [nil])
        #expect(try await reader.history(of: id).map { $0.metadata == nil } == [true])
        #expect(try await reader.verify().damaged.isEmpty == false)
        #expect(try await reader.sweep() == SweepReport())
        await #expect(throws: VaultError(.missingMasterKey, "")) { try await reader.withSecret(id) { $0.byteCount } }
    }

    /// A list of many keys under one that is missing.
    @Test func aListAsksForAMissingKeyOnce() async throws {
        let providers = (0..<5).map { "example\($0)" }
        let ids = try providers.map { try RecordID(tenant: "acme", provider: $0) }
        _ = try await writer.putUnchecked(try ids.map { PutRequest($0, try Secret("secret")) })
        let new = MasterKeyRing(try MasterKey.random())
        _ = try await writer.rotateMasterKey(to: new)
        source.isFailing.store(true, ordering: .relaxed)
        for expected in [2, 2, 3] {
            let keys = try await reader.storedKeys(of: "acme", providers: providers)
            #expect(keys.count { $0.isUnknown } == 5 && source.asked.withLock { $0 } == expected)
            // The list is kept for less than a second.
            if expected == 2 { clock.advance(by: .milliseconds(500)) }
        }
        source.ring.withLock { $0 = new }
        source.isFailing.store(false, ordering: .relaxed)
        clock.advance(by: .seconds(1))
        #expect(try await reader.storedKeys(of: "acme", providers: providers).count { $0.isUnknown } == 0)
    }

    @Test func aSourceThatNeverAnswersDoesNotKeepTheNextFromBeingAsked() async throws {
        let new = MasterKeyRing(try MasterKey.random())
        let source = HangingSource(new)
        let keys = LiveKeys(reader.keys, store: base, source: source, time: .system, patience: .zero)
        _ = try await writer.rotateMasterKey(to: new)
        async let hanging: Void = keys.refresh()
        while !source.wasAsked.load(ordering: .relaxed) { await Task.yield() }
        try await keys.refresh()
        #expect(keys.current.ring.ids == new.ids)
        source.isReleased.store(true, ordering: .relaxed)
        try await hanging
    }

    /// Two who have read the same header, one of them with a key that was asked for on purpose.
    @Test(arguments: [true, false]) func whatWasLoadedStaysWhereAnotherWasAsFast(isFirst: Bool) async throws {
        let keys = LiveKeys(reader.keys, store: base, source: source, time: .system, patience: .seconds(3_600))
        let known = keys.current
        let (new, next) = (MasterKeyRing(try MasterKey.random()), MasterKeyRing(try MasterKey.random()))
        _ = try await writer.rotateMasterKey(to: new)
        let head = try await base.requiredHead()
        var both = new
        both.add(next)
        for ring in isFirst ? [both, new] : [new, both] {
            try keys.adopt(try await KeyState.open(head, source: ring), since: known)
        }
        #expect(Set(keys.current.ring.ids) == Set(both.ids))
    }

    /// One that is under way may have read the header before that.
    @Test func aLookKnowsEveryHeaderThatWasThereWhenItBegan() async throws {
        store.hold(.readHead, .after)
        let early = Task { [reader] in try await reader.liveKeys.refresh() }
        await store.waitUntilHeld(.readHead, .after)
        let new = MasterKeyRing(try MasterKey.random())
        _ = try await writer.rotateMasterKey(to: new)
        source.ring.withLock { $0 = new }
        // Joins the other one, which the task need not know: it runs until it waits for something.
        let late = Task.immediate { [reader] in try await reader.liveKeys.refresh() }
        store.release(.readHead, .after)
        try await early.value
        try await late.value
        #expect(reader.keys.ring.ids == new.ids)
    }

    /// The watch meets a look that has read the header before the change that it has seen: it looks once more.
    @Test func theWatchComesToTheHeaderThatIsThereInTheEnd() async throws {
        store.hold(.readHead, .after)
        let early = Task { [reader] in try await reader.liveKeys.refresh() }
        await store.waitUntilHeld(.readHead, .after)
        let new = MasterKeyRing(try MasterKey.random())
        _ = try await writer.rotateMasterKey(to: new)
        source.ring.withLock { $0 = new }
        base.noteForeignChange()
        let looks = store.calls(of: .foreignChanges)
        while store.calls(of: .foreignChanges) < looks + 3 { await tick() }
        store.release(.readHead, .after)
        try await early.value
        var ticks = 0
        while reader.keys.ring.ids != new.ids, ticks < 50_000 {
            await tick()
            ticks += 1
        }
        #expect(reader.keys.ring.ids == new.ids)
    }

    private func tick() async {
        clock.advance(by: .milliseconds(250))
        await Task.yield()
    }

    /// It failed for the header before, a moment ago.
    @Test func theSourceIsAskedAtOnceForAHeaderThatIsNew() async throws {
        _ = try await writer.rotateMasterKey(to: MasterKeyRing(try MasterKey.random()))
        await #expect(throws: VaultError(.retiredMasterKey, "")) { try await reader.liveKeys.refresh() }
        let new = MasterKeyRing(try MasterKey.random())
        _ = try await writer.rotateMasterKey(to: new)
        source.ring.withLock { $0 = new }
        try await reader.liveKeys.refresh()
        #expect(reader.keys.ring.ids == new.ids)
    }

    /// Under the same master key, so that its header is believed by whoever opens it.
    @Test func anotherVaultThatTookThePlaceOfThisOneIsRefused() async throws {
        let twin = MemoryStore()
        _ = try await Vault.create(in: twin, masterKey: source.ring.withLock { $0 })
        base.exchange(for: twin)
        await #expect(throws: VaultError(.damagedHeader, "")) { try await reader.reloadMasterKeys() }
        #expect(reader.keys.header.vaultID == writer.id)
    }

    /// As a backup is that was made while another process rotates.
    @Test func aCopyUnderAKeyThatIsNewIsVerified() async throws {
        let (held, new) = (FaultInjectingStore(base), MasterKeyRing(try MasterKey.random()))
        var both = source.ring.withLock { $0 }
        both.add(new)
        let other = try await Vault.open(held, keys: both)
        try await other.put(Secret("secret"), for: try RecordID(tenant: "acme", provider: "example"))
        held.hold(.scan)
        async let rotation = other.rotateMasterKey(to: new)
        await held.waitUntilHeld(.scan)
        source.ring.withLock { $0 = both }
        let verified = await Task { try await reader.verifyCopy(in: base).records }.result
        held.release(.scan)
        _ = try await rotation
        #expect(try verified.get() == 1)
    }

    /// The source does not have it, and said so a moment ago; whoever begins a rotation to it has.
    @Test func aRotationBringsTheKeyThatWasMissing() async throws {
        let new = MasterKeyRing(try MasterKey.random())
        var both = source.ring.withLock { $0 }
        both.add(new)
        let (id, other) = (try RecordID(tenant: "acme", provider: "example"), try await Vault.open(base, keys: both))
        try await other.put(Secret("secret"), for: id)
        try await other.updateHeader(adding: new.first) { header throws(VaultError) in
            header.keys.append(.init(id: new.ids[0], state: .live, added: clock.date))
            header.activeKeyID = new.ids[0]
            return true
        }
        await #expect(throws: VaultError(.missingMasterKey, "")) { try await reader.liveKeys.refresh() }
        #expect(try await reader.rotateMasterKey(to: new).onActiveKey == 1)
        #expect(source.asked.withLock { $0 } == 2)
    }

    /// Somebody else has rotated meanwhile, and the source gives only what the header names.
    @Test func aRotationKeepsItsOwnKeyWhenItHasToAskForAnother() async throws {
        try await writer.put(Secret("secret"), for: try RecordID(tenant: "acme", provider: "example"))
        let (theirs, own) = (MasterKeyRing(try MasterKey.random()), MasterKeyRing(try MasterKey.random()))
        _ = try await writer.rotateMasterKey(to: theirs)
        source.ring.withLock { $0 = theirs }
        let report = try await reader.rotateMasterKey(to: own)
        #expect(report.onActiveKey == 1 && report.retired == theirs.ids)
    }

    /// A key that is loaded while the vault writes a header of its own.
    @Test func whatIsLoadedWhileAHeaderIsWrittenStays() async throws {
        let new = MasterKeyRing(try MasterKey.random())
        store.hold(.write)
        async let change: Void = reader.updateHeader { _ in true }
        await store.waitUntilHeld(.write)
        source.ring.withLock { $0.add(new) }
        try await reader.reloadMasterKeys()
        store.release(.write)
        try await change
        #expect(reader.keys.ring.ids.contains(new.ids[0]))
    }

    /// Each of the rows is under a key that is missing.
    @Test func aWalkAsksForAMissingKeyOnce() async throws {
        _ = try await writer.putUnchecked(
            try (0..<5).map { PutRequest(try RecordID(tenant: "acme", provider: "p\($0)"), try Secret("secret")) })
        let new = MasterKeyRing(try MasterKey.random())
        _ = try await writer.rotateMasterKey(to: new)
        source.isFailing.store(true, ordering: .relaxed)
        #expect(try await reader.list().entries.count { $0.damage != nil } == 5)
        #expect(source.asked.withLock { $0 } == 2)
        source.ring.withLock { $0 = new }
        source.isFailing.store(false, ordering: .relaxed)
        clock.advance(by: .seconds(1))
        #expect(try await reader.list().entries.count { $0.damage != nil } == 0)
    }

    @Test func theWatchGoesOnWhileTheSourceIsAsked() async throws {
        let new = MasterKeyRing(try MasterKey.random())
        _ = try await writer.rotateMasterKey(to: new)
        source.ring.withLock { $0 = new }
        source.isHeld.store(true, ordering: .relaxed)
        base.noteForeignChange()
        let time = Task {
            while !Task.isCancelled {
                clock.advance(by: .milliseconds(250))
                await Task.yield()
            }
        }
        while source.asked.withLock({ $0 }) < 2 { await Task.yield() }
        let looks = store.calls(of: .foreignChanges)
        while store.calls(of: .foreignChanges) < looks + 3 { await Task.yield() }
        base.noteForeignChange()
        source.isHeld.store(false, ordering: .relaxed)
        while reader.keys.ring.ids != new.ids { await Task.yield() }
        time.cancel()
        await time.value
        #expect(source.asked.withLock { $0 } == 2)
    }
}

/// Does not answer the first who asks, until it is told to.
private final class HangingSource: MasterKeySource {
    let ring: MasterKeyRing
    let wasAsked = Atomic(false)
    let isReleased = Atomic(false)

    init(_ ring: MasterKeyRing) { self.ring = ring }

    func masterKeys(for request: MasterKeyRequest) async throws -> MasterKeyRing {
        guard wasAsked.exchange(true, ordering: .relaxed) else {
            while !isReleased.load(ordering: .relaxed) { await Task.yield() }
            return ring
        }
        return ring
    }
}

/// Gives what it is told to, some time later.
private final class SlowSource: MasterKeySource {
    let ring: Mutex<MasterKeyRing>
    let asked = Mutex(0)
    let isHeld = Atomic(false)
    let isFailing = Atomic(false)
    /// Calls that begin now do not end before ``end()``.
    let hangs = Atomic(false)
    private let calls = Mutex<[CheckedContinuation<Void, Never>]>([])
    let error = Mutex<VaultError?>(nil)

    init(_ ring: MasterKeyRing) { self.ring = Mutex(ring) }

    func end() {
        calls.withLock { calls in
            for call in calls { call.resume() }
            calls = []
        }
    }

    func masterKeys(for request: MasterKeyRequest) async throws -> MasterKeyRing {
        asked.withLock { $0 += 1 }
        if hangs.load(ordering: .relaxed) {
            await withCheckedContinuation { hung in calls.withLock { $0.append(hung) } }
        }
        for _ in 0..<1000 { await Task.yield() }
        while isHeld.load(ordering: .relaxed) { await Task.yield() }
        if isFailing.load(ordering: .relaxed) { throw CancellationError() }
        if let error = error.withLock({ $0 }) { throw error }
        return ring.withLock { $0 }
    }
}

private final class CountingClock: Clock {
    private let clock: ManualClock
    let sleeps = Mutex(0)

    init(_ clock: ManualClock) { self.clock = clock }

    var now: ManualClock.Instant { clock.now }
    var minimumResolution: Duration { clock.minimumResolution }
    func sleep(until deadline: ManualClock.Instant, tolerance: Duration?) async throws {
        sleeps.withLock { $0 += 1 }
        try await clock.sleep(until: deadline, tolerance: tolerance)
    }
}
