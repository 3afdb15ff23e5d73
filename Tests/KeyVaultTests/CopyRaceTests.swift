import KeyVaultTesting
import Testing

@testable import KeyVault

/// What is written to a vault while it is copied: the copy is refused, and never opens as a vault.
@Suite struct CopyRaceTests {
    enum Change: CaseIterable {
        case record, header
    }

    private let store = MemoryStore()
    private let destination = FaultInjectingStore(MemoryStore())
    private let ring: MasterKeyRing
    private let vault: Vault

    init() async throws {
        ring = MasterKeyRing(try MasterKey.random())
        vault = try await Vault.create(in: store, masterKey: ring)
        for number in 1...3 { try await vault.put(Secret("secret"), for: RecordID.numbered(number)) }
    }

    /// All rows were read and none is in the destination when the vault changes.
    @Test(arguments: Change.allCases) func aChangeBehindTheReaderIsNoticed(_ change: Change) async throws {
        destination.hold(.write)
        let copying = Task { try await vault.copy(to: destination) }
        await destination.waitUntilHeld(.write)
        switch change {
        case .record: try await vault.put(Secret("newer"), for: RecordID.numbered(2))
        case .header: try await vault.updateHeader { _ in true }
        }
        destination.release(.write)
        for copy in [{ try await copying.value }, { try await vault.copy(to: destination) }] {
            let error = await #expect(throws: VaultError.self) { try await copy() }
            #expect(error?.code == .conflict)
            #expect(error?.message.contains("since this copy of it was begun") == true)
            #expect(error?.hint?.contains("copy anew") == true)
        }
        await #expect(throws: VaultError(.damagedHeader, "")) { try await Vault.open(destination, keys: ring) }
        // As the error says: in another place.
        #expect(try await vault.copy(to: MemoryStore()).records == 3)
    }
}
