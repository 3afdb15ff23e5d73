import Foundation
import KeyVault
import KeyVaultTesting
import Synchronization
import Testing

/// What the audit hook is told.
@Suite struct AuditTests {
    private final class Events: Sendable {
        private let list = Mutex<[String]>([])

        func add(_ event: AuditEvent) {
            let name = event.id?.provider ?? event.tenant ?? "all"
            list.withLock { $0.append("\(event.action) \(name)\(event.failure.map { " \($0.rawValue)" } ?? "")") }
        }

        /// Those since the last call.
        func take() -> [String] { list.withLock { list in list.extract() } }
    }

    private let events = Events()
    private let clock = ManualClock()
    private let vault: Vault

    init() async throws {
        let (events, clock) = (events, clock)
        let configuration = VaultConfiguration(audit: { events.add($0) }, clock: clock, date: { clock.date })
        vault = try await Vault.create(
            in: MemoryStore(), masterKey: MasterKeyRing(try MasterKey.random()), configuration: configuration)
    }

    private func id(_ provider: String) throws -> RecordID { try RecordID(tenant: "acme", provider: provider) }

    @Test func eachKeyOfABatchIsNamed() async throws {
        try await vault.put([PutRequest(id("a"), Secret("one")), PutRequest(id("b"), Secret("two"))])
        #expect(events.take() == ["put a", "put b"])
        await #expect(throws: VaultError(.conflict, "")) {
            try await vault.put([
                PutRequest(id("c"), Secret("one")), PutRequest(id("b"), Secret("two"), expectedRevision: 7),
            ])
        }
        #expect(events.take() == ["put c conflict", "put b conflict"])
        try await vault.delete([(id("a"), nil), (id("b"), nil)])
        #expect(events.take() == ["delete a", "delete b"])
        #expect(try await vault.list().entries.isEmpty)
    }

    @Test func whoeverFailsToDisableAKeyIsNamed() async throws {
        await #expect(throws: VaultError(.notFound, "")) { try await vault.disable(id("a")) }
        #expect(events.take() == ["mark a notFound"])
        try await vault.put(Secret("one"), for: id("a"))
        let error = await #expect(throws: VaultError.self) { try await vault.enable(id("a"), expectedRevision: 9) }
        #expect(error?.message == "acme/a is at revision 1, not at revision 9 as expected.")
        try await vault.disable(id("a"))
        #expect(events.take() == ["put a", "mark a conflict", "mark a"])
    }

    @Test func aReadThatTheCacheServesIsOneToo() async throws {
        try await vault.put(Secret("one"), for: id("a"))
        _ = events.take()
        for _ in 0..<2 {
            _ = try await vault.withSecret(id("a")) { $0.byteCount }
            #expect(events.take() == ["read a"])
        }
        try await vault.delete(id("a"))
        _ = events.take()
        for _ in 0..<2 {
            await #expect(throws: VaultError(.notFound, "")) { try await vault.withSecret(id("a")) { $0.byteCount } }
            #expect(events.take() == ["read a notFound"])
        }
    }

    @Test func aTokenIsOfItsAccount() async throws {
        let tenants = Mutex<[String?]>([])
        let store = FaultInjectingStore(MemoryStore())
        let vault = try await Vault.create(
            in: store, masterKey: MasterKeyRing(try MasterKey.random()),
            configuration: VaultConfiguration(audit: { event in tenants.withLock { $0.append(event.tenant) } }))
        let made = [try await vault.createToken(for: "acme"), try await vault.createToken(for: "acme")]
        #expect(try await vault.revokeToken(made[0].info.id))
        // It is revoked all the same.
        store.fail(.read, with: StoreError(.io, "The disk is gone."))
        #expect(try await vault.revokeToken(made[1].info.id))
        #expect(try await !vault.revokeToken(made[1].info.id))
        #expect(tenants.withLock { $0 } == ["acme", "acme", "acme", "_tokens", "_tokens"])
    }

    @Test func aSweepNamesWhatItRemoves() async throws {
        try await vault.put([PutRequest(id("a"), Secret("one"))])
        try await vault.put([PutRequest(id("a"), Secret("two"), keepPreviousFor: .seconds(9))])
        try await vault.put([PutRequest(id("b"), Secret("two"), expires: clock.date.addingTimeInterval(9))])
        _ = events.take()
        clock.advance(by: .seconds(9))
        #expect(try await vault.sweep().revisions == 1)
        #expect(events.take() == ["delete a", "delete b"])
    }

    @Test func severalKeysAreRemovedAllOrNone() async throws {
        let infos = try await vault.put([PutRequest(id("a"), Secret("one")), PutRequest(id("b"), Secret("two"))])
        await #expect(throws: VaultError(.conflict, "")) {
            try await vault.delete([(id("a"), infos[0].revision), (id("b"), infos[1].revision + 1)])
        }
        #expect(try await vault.list().entries.count == 2)
    }

    @Test func aCheckOfAKeyIsARead() async throws {
        _ = try await vault.putUnchecked([PutRequest(id("openai"), Secret("one"))])
        _ = events.take()
        try await vault.revalidate(with: StubValidator())
        #expect(events.take() == ["read openai", "mark openai"])
        try await vault.revalidate(id("openai"), with: StubValidator())
        #expect(events.take() == ["read openai", "mark openai"])
        await #expect(throws: VaultError(.notFound, "")) {
            try await vault.revalidate(id("groq"), with: StubValidator())
        }
        #expect(events.take() == ["read groq notFound"])
    }

    @Test func aDryRunRotatesNothing() async throws {
        let new = MasterKeyRing(try MasterKey.random())
        _ = try await vault.rotateMasterKey(to: new, dryRun: true)
        #expect(events.take().isEmpty)
        _ = try await vault.rotateMasterKey(to: new)
        #expect(events.take() == ["rotate all"])
    }
}

extension [String] {
    fileprivate mutating func extract() -> [String] {
        defer { self = [] }
        return self
    }
}
