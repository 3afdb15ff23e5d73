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
        reader = try await Vault.open(store, keys: source, configuration: VaultConfiguration(clock: clock))
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

/// Gives what it is told to, some time later.
private final class SlowSource: MasterKeySource {
    let ring: Mutex<MasterKeyRing>
    let asked = Mutex(0)
    let isHeld = Atomic(false)

    init(_ ring: MasterKeyRing) { self.ring = Mutex(ring) }

    func masterKeys(for request: MasterKeyRequest) async throws -> MasterKeyRing {
        asked.withLock { $0 += 1 }
        for _ in 0..<1000 { await Task.yield() }
        while isHeld.load(ordering: .relaxed) { await Task.yield() }
        return ring.withLock { $0 }
    }
}
