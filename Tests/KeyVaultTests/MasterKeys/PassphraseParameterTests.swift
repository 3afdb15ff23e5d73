import KeyVault
import Testing

/// Somebody who can write to the store changes what Argon2id is to cost.
@Suite struct PassphraseParameterTests {
    private let store = MemoryStore()
    private let passphrase: Secret
    private let header: [UInt8]

    init() async throws {
        passphrase = try Secret("correct horse")
        _ = try await Vault.create(in: store, passphrase: passphrase)
        header = try #require(try await store.readHead()).header
    }

    /// The header with other costs in its one slot (SPEC.md sections 5.1 and 5.3).
    private func forged(operations: UInt32, memory: UInt64) async throws -> MemoryStore {
        var header = header
        let slot = 56 + 32
        header.replaceSubrange(slot + 20..<slot + 24, with: (0..<4).map { UInt8(operations >> (24 - 8 * $0) & 0xFF) })
        header.replaceSubrange(slot + 24..<slot + 32, with: (0..<8).map { UInt8(memory >> (56 - 8 * $0) & 0xFF) })
        let store = MemoryStore()
        try await store.create(header: header)
        return store
    }

    @Test(
        arguments: [
            (3, 1 << 62), (3, 1 << 63), (3, .max), (3, 8 << 30), (UInt32.max, 256 << 20), (65, 256 << 20),
            (1, 256 << 20), (0, 0), (3, 8192), (3, 32 << 20), (3, 256 << 20 + 1),
        ] as [(UInt32, UInt64)])
    func costsOutOfBoundsAreRefusedBeforeAnythingIsAllocated(operations: UInt32, memory: UInt64) async throws {
        let store = try await forged(operations: operations, memory: memory)
        let error = await #expect(throws: VaultError.self) {
            try await Vault.open(store, keys: PassphraseSource(passphrase))
        }
        #expect(error?.code == .damagedHeader)
        #expect(error?.message.contains("Argon2id") == true)
    }

    @Test func costsWithinTheBoundsThatAreNotThoseOfTheSlotGiveNoKey() async throws {
        // The weakest that a reader takes: what comes out is another key, which the wrap does not open under.
        let store = try await forged(operations: 2, memory: 64 << 20)
        await #expect(throws: VaultError(.wrongMasterKey, "")) {
            try await Vault.open(store, keys: PassphraseSource(passphrase))
        }
    }

    @Test func theHeaderAsItWasOpens() async throws {
        let unchanged = try await forged(operations: 3, memory: 256 << 20)
        #expect(try await unchanged.readHead()?.header == header)
        _ = try await Vault.open(unchanged, keys: PassphraseSource(passphrase))
    }
}
