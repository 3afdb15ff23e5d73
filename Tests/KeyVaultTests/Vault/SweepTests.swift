import Foundation
import KeyVault
import KeyVaultTesting
import Testing

/// A sweep beside somebody who writes, and on a store that fails.
@Suite struct SweepTests {
    private let clock = ManualClock()
    private let store = FaultInjectingStore(MemoryStore())
    private let vault: Vault
    private let id: RecordID

    init() async throws {
        let clock = clock
        vault = try await Vault.create(
            in: store, masterKey: MasterKeyRing(try MasterKey.random()),
            configuration: VaultConfiguration(clock: clock, date: { clock.date }))
        id = try RecordID(tenant: "acme", provider: "example")
        try await vault.put([PutRequest(id, Secret("old"), expires: clock.date.addingTimeInterval(10))])
        clock.advance(by: .seconds(10))
    }

    @Test func aKeyThatWasReplacedSinceItWasFoundStays() async throws {
        store.hold(.scan, .after)
        async let report = vault.sweep()
        await store.waitUntilHeld(.scan, .after)
        try await vault.put(Secret("newer"), for: id)
        store.release(.scan, .after)
        #expect(try await report.expired == 0)
        #expect(try await vault.withSecret(id) { $0.byteCount } == 5)
    }

    @Test func aKeyThatSomebodyElseRemovedIsNotCounted() async throws {
        store.hold(.scan, .after)
        async let report = vault.sweep()
        await store.waitUntilHeld(.scan, .after)
        try await vault.delete(id)
        store.release(.scan, .after)
        #expect(try await report.expired == 0)
    }

    @Test func aRevisionThatSomebodyElseRemovedIsNotCounted() async throws {
        try await vault.put([PutRequest(id, Secret("newer"), keepPreviousFor: .seconds(1))])
        clock.advance(by: .seconds(1))
        store.hold(.scan, .after)
        async let report = vault.sweep()
        await store.waitUntilHeld(.scan, .after)
        try await vault.deleteRevision(1, of: id)
        store.release(.scan, .after)
        #expect(try await report.revisions == 0)
    }

    /// It can be read and rolled back to until its time ends.
    @Test func anEarlierRevisionOutlivesTheKeyThatExpired() async throws {
        let end = clock.date.addingTimeInterval(10)
        try await vault.put(Secret("one"), for: id)
        try await vault.put([PutRequest(id, Secret("newer"), expires: end, keepPreviousFor: .seconds(60))])
        clock.advance(by: .seconds(10))
        let early = try await vault.sweep()
        #expect(early.expired == 0 && early.revisions == 0)
        #expect(try await vault.withSecret(id, revision: 2) { $0.byteCount } == 3)
        clock.advance(by: .seconds(50))
        let late = try await vault.sweep()
        #expect(late.expired == 1 && late.revisions == 1)
        #expect(try await store.scan(.everything, after: nil, limit: 9).isEmpty)
    }

    /// A page of a sweep ends between the two.
    @Test func anEarlierRevisionOnThePageBeforeIsSeenToo() async throws {
        try await vault.delete(id)
        try await vault.put(
            (100..<355).map { PutRequest(try RecordID(tenant: "a", provider: "\($0)"), try Secret("other")) })
        try await vault.put(Secret("one"), for: id)
        let end = clock.date.addingTimeInterval(10)
        try await vault.put([PutRequest(id, Secret("newer"), expires: end, keepPreviousFor: .seconds(60))])
        clock.advance(by: .seconds(10))
        let report = try await vault.sweep()
        #expect(report.expired == 0 && report.revisions == 0)
        #expect(try await store.scan(.everythingOf(tenant: "acme"), after: nil, limit: 9).count == 2)
    }

    @Test func aFailingStoreEndsItAndTheNextOneGoesOn() async throws {
        store.fail(.write, with: StoreError(.full, "The disk is full."))
        await #expect(throws: VaultError(.store, "")) { try await vault.sweep() }
        #expect(try await vault.metadata(for: id).revision == 1)
        #expect(try await vault.sweep().expired == 1)
        await #expect(throws: VaultError(.notFound, "")) { try await vault.metadata(for: id) }
    }
}
