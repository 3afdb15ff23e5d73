import KeyVaultStorage
import KeyVaultTesting
import Synchronization
import Testing

@testable import KeyVault

/// Somebody who can write to the store, and who may hold the master key of before the last rotation.
@Suite struct RotationAttackTests {
    private let old: MasterKeyRing
    private let new: MasterKeyRing
    private let store = ExchangeableStore(MemoryStore())
    private let vault: Vault
    private let id: RecordID
    /// What the store held before the rotation.
    private let before: StoreHead
    private let rowBefore: StoredRecord

    init() async throws {
        old = MasterKeyRing(try MasterKey.random())
        new = MasterKeyRing(try MasterKey.random())
        id = try RecordID(tenant: "acme", provider: "example")
        _ = try await Vault.create(in: store, masterKey: old)
        var both = old
        both.add(new)
        // How long a health waits must not hang on how busy the machine is.
        vault = try await Vault.open(store, keys: both, configuration: VaultConfiguration(clock: ManualClock()))
        try await vault.put(Secret("secret"), for: id)
        before = try #require(try await store.readHead())
        rowBefore = try #require(try await store.read(id))
        _ = try await vault.rotateMasterKey(to: new)
    }

    /// Whoever has the vault open refuses to write under what `header` says; a new reader with `ring` fails with `code`.
    private func expectRefused(
        header: [UInt8], generation: UInt64, ring: MasterKeyRing, code: VaultError.Code
    ) async throws {
        let forged = try await store.copy(header: header, generation: generation)
        store.exchange(for: forged)
        let error = await #expect(throws: VaultError.self) { try await vault.put(Secret("new"), for: id) }
        #expect(error?.code == .damagedHeader)
        let fresh = await #expect(throws: VaultError.self) { try await Vault.open(forged, keys: ring) }
        #expect(fresh?.code == code)
    }

    @Test func aHeaderThatIsSetBackIsRefused() async throws {
        try await expectRefused(
            header: before.header, generation: before.generation, ring: new, code: .wrongMasterKey)
    }

    @Test func aHeaderThatIsSetBackUnderALaterNumberIsRefused() async throws {
        try await expectRefused(header: before.header, generation: 9, ring: old, code: .damagedHeader)
    }

    /// Nothing but its number tells it from the header that was there last; whoever has the vault open remembers that.
    @Test func anEarlierHeaderOfTheSameKeysIsRefusedByWhoSawALaterOne() async throws {
        let earlier = try #require(try await store.readHead())
        try await vault.updateHeader { _ in true }
        store.exchange(for: try await store.copy(header: earlier.header, generation: earlier.generation))
        await #expect(throws: VaultError(.damagedHeader, "")) { try await vault.put(Secret("new"), for: id) }
    }

    /// The ring still has the old key, and would believe it.
    @Test func healthNoticesAHeaderThatIsSetBack() async throws {
        store.exchange(for: try await store.copy(header: before.header, generation: before.generation))
        #expect(await vault.health().store == .unavailable("\(VaultError.headerSetBack)"))
    }

    /// Its number is the one that was last believed.
    @Test func healthNoticesAHeaderThatWasChanged() async throws {
        let now = try #require(try await store.readHead())
        var changed = now.header
        changed[changed.count - 1] ^= 1
        store.exchange(for: try await store.copy(header: changed, generation: now.generation))
        #expect(await vault.health().store == .unavailable("\(VaultError.damagedHeader())"))
    }

    @Test func recordsOfTheNewKeyDoNotOpenUnderTheHeaderOfTheOldOne() async throws {
        let forged = try await store.copy(header: before.header, generation: before.generation)
        var both = old
        both.add(new)
        // Who still names the old key first cannot know that the header is an old one.
        let reader = try await Vault.open(forged, keys: both)
        await #expect(throws: VaultError(.damagedRecord, "")) { try await reader.withSecret(id) { $0.byteCount } }
    }

    @Test func theHolderOfARetiredKeyCannotMakeItLiveAgain() async throws {
        let now = try StoredHeader(try #require(try await store.readHead()).header).header
        var forged = now
        forged.generation += 1
        forged.activeKeyID = old.ids[0]
        forged.keys = now.keys.map { .init(id: $0.id, state: $0.id == old.ids[0] ? .live : .retired, added: $0.added) }
        try await expectRefused(
            header: try old.authenticate(forged).encoded, generation: forged.generation, ring: new,
            code: .retiredMasterKey)
        // With the new key live too, its code is what is missing.
        forged.keys = now.keys.map { .init(id: $0.id, state: .live, added: $0.added) }
        let code = try old.first.key.headerCode(forged.body.span)
        var both = new
        both.add(old)
        try await expectRefused(
            header: forged.body + code + [UInt8](repeating: 0, count: 32), generation: forged.generation, ring: both,
            code: .damagedHeader)
    }

    @Test func anEarlierHeaderThatArrivesLateIsNoAttack() async throws {
        let store = MemoryStore()
        let first = MasterKeyRing(try MasterKey.random())
        let (second, third) = (MasterKeyRing(try MasterKey.random()), MasterKeyRing(try MasterKey.random()))
        var ring = first
        ring.add(second)
        ring.add(third)
        _ = try await Vault.create(in: store, masterKey: first)
        let source = SlowSource(first: first, later: ring)
        let vault = try await Vault.open(store, keys: source)
        let rotator = try await Vault.open(store, keys: ring)
        _ = try await rotator.rotateMasterKey(to: second)
        // One task reads this header, and waits for its source; the next one finds a later header meanwhile.
        source.holdNext()
        async let slow = vault.reloadMasterKeys()
        await source.waitUntilHeld()
        _ = try await rotator.rotateMasterKey(to: third)
        try await vault.put(Secret("fast"), for: RecordID(tenant: "acme", provider: "other"))
        source.release()
        _ = try await slow
        try await vault.put(Secret("slow"), for: id)
        #expect(try await rotator.verify().damaged.isEmpty)
    }
}

/// Gives one key at first, and more of them from then on. One answer can be held.
private final class SlowSource: MasterKeySource {
    private struct State {
        var answers: [MasterKeyRing]
        var holdsNext = false
        var held: CheckedContinuation<Void, Never>?
        var observer: CheckedContinuation<Void, Never>?
    }

    private let state: Mutex<State>

    init(first: MasterKeyRing, later: MasterKeyRing) { state = Mutex(State(answers: [first, later])) }

    func masterKeys(for request: MasterKeyRequest) async throws -> MasterKeyRing {
        let (ring, holds) = state.withLock { state in
            defer { state.holdsNext = false }
            return (state.answers.count > 1 ? state.answers.removeFirst() : state.answers[0], state.holdsNext)
        }
        if holds {
            await withCheckedContinuation { continuation in
                let observer = state.withLock { state in
                    state.held = continuation
                    return state.observer.take()
                }
                observer?.resume()
            }
        }
        return ring
    }

    func holdNext() { state.withLock { $0.holdsNext = true } }

    func waitUntilHeld() async {
        await withCheckedContinuation { continuation in
            let isHeld = state.withLock { state in
                if state.held == nil { state.observer = continuation }
                return state.held != nil
            }
            if isHeld { continuation.resume() }
        }
    }

    func release() { state.withLock { $0.held.take() }?.resume() }
}
