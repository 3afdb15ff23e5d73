import KeyVaultTesting
import Testing

@testable import KeyVault

/// A vault whose store is emptied, fails or is closed while it is open.
@Suite struct LostVaultTests {
    private let store = FaultInjectingStore(MemoryStore())
    private let exchangeable: ExchangeableStore
    private let vault: Vault
    private let id: RecordID

    init() async throws {
        exchangeable = ExchangeableStore(store)
        // Nothing in the cache ages while a test waits for its turn.
        vault = try await Vault.create(
            in: exchangeable, masterKey: MasterKeyRing(try MasterKey.random()),
            configuration: VaultConfiguration(clock: ManualClock()))
        id = try RecordID(tenant: "acme", provider: "example")
    }

    @Test func aVaultThatIsGoneIsNotMadeAnew() async throws {
        #expect(await vault.health().store == .connected)
        let empty = MemoryStore()
        exchangeable.exchange(for: empty)
        #expect(await vault.health().store == .unavailable("The vault is gone from its store."))
        let calls: [@Sendable (Vault) async throws -> Void] = [
            { [id] in try await $0.put(Secret("secret"), for: id) }, { try await $0.reloadMasterKeys() },
            { try await $0.updateHeader { _ in true } }, { _ = try await $0.copy(to: MemoryStore()) },
        ]
        for call in calls { await #expect(throws: VaultError(.noVault, "")) { try await call(vault) } }
        #expect(try await empty.readHead() == nil)
        exchangeable.exchange(for: store)
        try await vault.put(Secret("secret"), for: id)
        #expect(await vault.health().store == .connected)
    }

    @Test func healthSaysWhyAStoreCannotBeRead() async throws {
        store.fail(.readHead, with: StoreError(.io, "The disk is gone."))
        #expect(await vault.health().store == .unavailable("The disk is gone."))
        #expect(await vault.health().store == .connected)
        await vault.close()
        #expect(await vault.health().store == .unavailable("The vault was closed. Open it again."))
    }

    @Test func aSecondReadThatWaitsWithTheSecretAsksNoStore() async throws {
        try await vault.put(Secret("secret"), for: id)
        try await vault.withSecret(id) { _ in }
        store.fail(.read, with: StoreError(.io, "The disk is gone."), times: .max)
        let count = try await vault.withSecret(id) { secret in
            await Task.yield()
            return secret.byteCount
        }
        #expect(count == 6)
        struct Mine: Error {}
        await #expect(throws: Mine.self) {
            try await vault.withSecret(id) { _ async throws(Mine) in
                await Task.yield()
                throw Mine()
            }
        }
    }

    /// What takes long looks, before each page, whether anybody still waits for it.
    @Test func aCancelledTaskLooksAtNothing() async throws {
        let scans = store.calls(of: .scan)
        let calls: [@Sendable (Vault) async throws -> Void] = [
            { _ = try await $0.verify() }, { _ = try await $0.sweep() }, { _ = try await $0.copy(to: MemoryStore()) },
            { try await $0.revalidate(with: StubValidator()) },
        ]
        for call in calls {
            let task = Task {
                // The task itself, which is there while this runs.
                unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
                try await call(vault)
            }
            await #expect(throws: VaultError(.cancelled, "")) { try await task.value }
        }
        #expect(store.calls(of: .scan) == scans)
    }

    @Test func aBatchThatNamesAnIDTwiceIsRefusedWhole() async throws {
        let other = try RecordID(tenant: "acme", provider: "other")
        let batch = try [id, other, id].map { PutRequest($0, try Secret("secret")) }
        await #expect(throws: VaultError(.invalidArgument, "")) { try await vault.put(batch) }
        #expect(try await vault.list().entries.isEmpty)
    }
}
