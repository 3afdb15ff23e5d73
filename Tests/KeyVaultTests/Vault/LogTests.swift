import Foundation
import KeyVault
import KeyVaultTesting
import Testing

/// What the log says of what happens behind a caller's back.
@Suite struct LogTests {
    private let evidence = Evidence()
    private let ring: MasterKeyRing
    private let store = FaultInjectingStore(MemoryStore())

    init() async throws {
        ring = MasterKeyRing(try MasterKey.random())
        _ = try await Vault.create(in: store, masterKey: ring)
    }

    private func says(_ text: String) -> Bool { String(decoding: evidence.bytes, as: UTF8.self).contains(text) }

    @Test func aRotationSaysHowManyRecordsItMoved() async throws {
        let vault = try await Vault.open(
            store, keys: ring, configuration: VaultConfiguration(logger: evidence.logger, clock: InstantClock()))
        for number in 1...3 { try await vault.put(Secret("secret"), for: RecordID.numbered(number)) }
        _ = try await vault.rotateMasterKey(to: MasterKeyRing(try MasterKey.random()))
        #expect(says("rotated the master key"))
        #expect(says("\"rewrapped\": 3"))
    }

    /// A store that could not say at first what others had changed by then: whatever it says next counts as a change.
    @Test(.timeLimit(.minutes(10))) func aChangeOfSomebodyElseIsNamed() async throws {
        store.fail(.foreignChanges, with: StoreError(.io, "The disk is gone."), times: .max)
        let vault = try await Vault.open(
            store, keys: ring, configuration: VaultConfiguration(logger: evidence.logger, clock: InstantClock()))
        store.heal()
        while !says("another process changed the store") { await Task.yield() }
        await vault.close()
    }
}
