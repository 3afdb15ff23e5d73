import Foundation
import KeyVault
import KeyVaultTesting
import Testing

/// Who is let in while the store is out of reach.
@Suite struct TokenMemoryTests {
    private let store = FaultInjectingStore(MemoryStore())
    private let clock = ManualClock()
    private let vault: Vault
    private let memory: TokenMemory

    init() async throws {
        vault = try await Vault.create(
            in: store, masterKey: MasterKeyRing(try MasterKey.random()),
            configuration: VaultConfiguration(clock: clock))
        memory = TokenMemory(vault, limit: .seconds(3600))
    }

    private func beginOutage() { store.fail(.read, with: StoreError(.io, "The disk is gone."), times: .max) }

    private func expectRefusal(_ token: String) async {
        await #expect(throws: VaultError(.store, "")) { _ = try await memory.authenticate(token) }
    }

    @Test func whoWasLetInBeforeIsLetInForAnHour() async throws {
        let token = try await vault.createToken(for: "acme").token
        let unseen = try await vault.createToken(for: "rival").token
        #expect(try await memory.authenticate(token)?.tenant == "acme")
        beginOutage()
        // Beyond what the vault's own cache would keep.
        clock.advance(by: .seconds(3599))
        #expect(try await memory.authenticate(token)?.tenant == "acme")
        await expectRefusal(unseen)
        clock.advance(by: .seconds(1))
        await expectRefusal(token)
        store.heal()
        #expect(try await memory.authenticate(token)?.tenant == "acme")
        #expect(try await memory.authenticate(unseen)?.tenant == "rival")
    }

    @Test func anotherSecretUnderARememberedIDIsRefused() async throws {
        let (one, other) = (try await vault.createToken(for: "acme"), try await vault.createToken(for: "rival"))
        #expect(try await memory.authenticate(one.token) != nil)
        beginOutage()
        clock.advance(by: .seconds(1200))
        await expectRefusal(other.token.replacing(other.info.id, with: one.info.id))
        #expect(try await memory.authenticate("kvt_none") == nil)
    }

    @Test func whatTheStoreHasRevokedIsForgotten() async throws {
        let made = try await vault.createToken(for: "acme")
        #expect(try await memory.authenticate(made.token) != nil)
        try await vault.revokeToken(made.info.id)
        #expect(try await memory.authenticate(made.token) == nil)
        beginOutage()
        clock.advance(by: .seconds(60))
        await expectRefusal(made.token)
    }

    @Test func anExpiryIsKeptDuringAnOutageToo() async throws {
        let token = try await vault.createToken(for: "acme", expires: Date(timeIntervalSinceNow: 1000)).token
        #expect(try await memory.authenticate(token) != nil)
        beginOutage()
        clock.advance(by: .seconds(900))
        #expect(try await memory.authenticate(token)?.tenant == "acme")
        clock.advance(by: .seconds(101))
        await expectRefusal(token)
    }
}
