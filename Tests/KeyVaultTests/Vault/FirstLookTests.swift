import KeyVault
import KeyVaultTesting
import Synchronization
import Testing

/// When a vault begins to notice what others change.
@Suite struct FirstLookTests {
    /// A store that somebody else changes between the first time that it is asked for changes and the second.
    private final class ChangingStore: WrappingStore {
        let counting = FaultInjectingStore(MemoryStore())
        var base: any RecordStore { counting }
        private let looks = Mutex(0)
        /// Lets the second look through.
        let second = AsyncStream.makeStream(of: Void.self)
        /// Says that the third has come, by which time the second has been dealt with.
        let third = AsyncStream.makeStream(of: Void.self)

        func foreignChanges() async throws(StoreError) -> UInt64 {
            let look = looks.withLock { looks in
                looks += 1
                return looks
            }
            if look == 2 { for await _ in second.stream { break } }
            if look == 3 { third.continuation.finish() }
            return look == 1 ? 1 : 2
        }
    }

    /// The background task may look for the first time long after the vault was opened and has read keys. What was changed
    /// before that look was once taken for what had always been there, and the old key served until its time to live ended.
    @Test func aChangeBeforeTheBackgroundTaskLooksIsNoticed() async throws {
        let store = ChangingStore()
        let ring = MasterKeyRing(try MasterKey.random())
        let id = try RecordID(tenant: "acme", provider: "example")
        let writer = try await Vault.create(in: store.counting, masterKey: ring)
        try await writer.put(Secret("secret"), for: id)

        let vault = try await Vault.open(
            store, keys: ring, configuration: VaultConfiguration(foreignChangeInterval: .milliseconds(1)))
        try await vault.withSecret(id) { _ in }
        let reads = store.counting.calls(of: .read)
        store.second.continuation.finish()
        for await _ in store.third.stream {}
        try await vault.withSecret(id) { _ in }
        #expect(store.counting.calls(of: .read) == reads + 1)
        await vault.close()
        await writer.close()
    }
}
