import Foundation
import KeyVaultFormat
import KeyVaultTesting
import Testing

@testable import KeyVault

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

    /// Another process has rotated the master key, and this one has not got the new one.
    @Test func whoWasLetInBeforeIsLetInWithoutTheMasterKey() async throws {
        let base = MemoryStore()
        let old = MasterKeyRing(try MasterKey.random())
        let writer = try await Vault.create(in: base, masterKey: old)
        let reader = try await Vault.open(base, keys: old, configuration: VaultConfiguration(clock: clock))
        let memory = TokenMemory(reader, limit: .seconds(3600))
        let (made, other) = (try await writer.createToken(for: "acme"), try await writer.createToken(for: "rival"))
        for token in [made.token, other.token] { #expect(try await memory.authenticate(token) != nil) }
        _ = try await writer.rotateMasterKey(to: MasterKeyRing(try MasterKey.random()))
        clock.advance(by: .seconds(1800))
        #expect(try await memory.authenticate(made.token)?.tenant == "acme")
        try await writer.revokeToken(other.info.id)
        #expect(try await memory.authenticate(other.token) == nil)
        clock.advance(by: .seconds(1800))
        await #expect(throws: VaultError(.missingMasterKey, "")) { _ = try await memory.authenticate(made.token) }
    }

    /// Ids are no secret.
    @Test func anotherSecretUnderAnIDForgetsNothing() async throws {
        let (one, other) = (try await vault.createToken(for: "acme"), try await vault.createToken(for: "rival"))
        #expect(try await memory.authenticate(one.token) != nil)
        #expect(try await memory.authenticate(other.token.replacing(other.info.id, with: one.info.id)) == nil)
        beginOutage()
        clock.advance(by: .seconds(1800))
        #expect(try await memory.authenticate(one.token)?.tenant == "acme")
    }

    @Test func anotherSecretUnderARememberedIDIsRefused() async throws {
        let (one, other) = (try await vault.createToken(for: "acme"), try await vault.createToken(for: "rival"))
        #expect(try await memory.authenticate(one.token) != nil)
        beginOutage()
        clock.advance(by: .seconds(1200))
        await expectRefusal(other.token.replacing(other.info.id, with: one.info.id))
        #expect(try await memory.authenticate("kvt_none") == nil)
    }

    @Test func whatWasReadBeforeARefusalIsNotRememberedAfterIt() async throws {
        let rows = MemoryStore()
        let (slow, failing) = (FaultInjectingStore(rows), FaultInjectingStore(rows))
        let store = ExchangeableStore(slow)
        let vault = try await Vault.create(
            in: store, masterKey: MasterKeyRing(try MasterKey.random()), configuration: VaultConfiguration(clock: clock)
        )
        let memory = TokenMemory(vault)
        let made = try await vault.createToken(for: "acme")
        slow.hold(.read, .after)
        let first = Task { try await memory.authenticate(made.token) }
        await slow.waitUntilHeld(.read, .after)
        // Another process revokes it, this one notices, and somebody shows it.
        store.exchange(for: failing)
        let record = try TokenRecord.id(of: made.info.id)
        try await rows.write(WriteBatch(generation: 1, changes: [.delete(record, revision: nil)]))
        vault.cache.invalidateAll()
        #expect(try await memory.authenticate(made.token) == nil)
        slow.release(.read, .after)
        #expect(try await first.value?.tenant == "acme")
        failing.fail(.read, with: StoreError(.io, "The disk is gone."), times: .max)
        clock.advance(by: .seconds(60))
        await #expect(throws: VaultError(.store, "")) { _ = try await memory.authenticate(made.token) }
    }

    /// No waiting mends it.
    @Test func aRowThatTheStoreCannotReadIsNoOutage() async throws {
        let token = try await vault.createToken(for: "acme").token
        #expect(try await memory.authenticate(token)?.tenant == "acme")
        vault.cache.invalidateAll()
        store.fail(.read, with: StoreError(.corrupt, "The row is damaged."), times: .max)
        await expectRefusal(token)
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

    @Test func whatThisProcessHasRevokedIsRefusedThoughNobodyAskedForItSince() async throws {
        let made = try await vault.createToken(for: "acme")
        #expect(try await memory.authenticate(made.token) != nil)
        try await vault.revokeToken(made.info.id)
        beginOutage()
        await expectRefusal(made.token)
    }

    /// The store fails when it has removed the token.
    @Test func aRevocationThatMayHaveHappenedCounts() async throws {
        let made = try await vault.createToken(for: "acme")
        #expect(try await memory.authenticate(made.token) != nil)
        store.fail(.write, .after, with: StoreError(.io, "The connection is gone."))
        await #expect(throws: VaultError(.store, "")) { try await vault.revokeToken(made.info.id) }
        beginOutage()
        await expectRefusal(made.token)
    }

    @Test func whatAnotherProcessHadRevokedIsRefusedOnceItIsRevokedHereToo() async throws {
        let made = try await vault.createToken(for: "acme")
        #expect(try await memory.authenticate(made.token) != nil)
        let id = try RecordID(tenant: "_tokens", provider: made.info.id)
        try await store.write(WriteBatch(generation: 1, changes: [.delete(id, revision: nil)]))
        #expect(try await !vault.revokeToken(made.info.id))
        beginOutage()
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

    /// Eight thousand years are more nanoseconds than a counter holds: this once ended the process.
    @Test func anExpiryInTheFarFutureIsOne() async throws {
        let last = Date(timeIntervalSince1970: 253_402_300_799)
        let token = try await vault.createToken(for: "acme", expires: last).token
        #expect(try await memory.authenticate(token)?.expires == last)
        beginOutage()
        clock.advance(by: .seconds(3599))
        #expect(try await memory.authenticate(token)?.tenant == "acme")
    }

    /// Of two threads that let the same token in, the slower one has the earlier time in hand: this once ended the process.
    @Test func aTimeBeforeTheOneThatWasNotedIsNoError() async throws {
        clock.advance(by: .seconds(60))
        let (known, other) = (try await vault.createToken(for: "acme"), try await vault.createToken(for: "rival"))
        let memory = TokenMemory(vault, limit: .seconds(3600), capacity: 1)
        #expect(try await memory.authenticate(known.token)?.tenant == "acme")
        clock.advance(by: .seconds(-30))
        #expect(try await memory.authenticate(known.token)?.tenant == "acme")
        beginOutage()
        #expect(try await memory.authenticate(known.token)?.tenant == "acme")
        store.heal()
        // The one for which the other has to make room is younger than now.
        #expect(try await memory.authenticate(other.token)?.tenant == "rival")
    }

    @Test func whereItIsFullTheOldestMakeRoomFirst() async throws {
        var tokens: [String] = []
        for number in 0..<4 { tokens.append(try await vault.createToken(for: "tenant-\(number)").token) }
        let memory = TokenMemory(vault, limit: .seconds(3600), capacity: 2)
        func letIn() async -> [Int] {
            var indices: [Int] = []
            for (index, token) in tokens.enumerated() where (try? await memory.authenticate(token)) != nil {
                indices.append(index)
            }
            return indices
        }
        _ = try await memory.authenticate(tokens[0])
        clock.advance(by: .seconds(3600))
        _ = try await memory.authenticate(tokens[1])
        // The first one's hour has passed: it goes, and nobody else has to.
        _ = try await memory.authenticate(tokens[2])
        beginOutage()
        clock.advance(by: .seconds(1200))
        #expect(await letIn() == [1, 2])
        store.heal()
        // Nobody's hour has passed: one of the two goes.
        _ = try await memory.authenticate(tokens[3])
        beginOutage()
        clock.advance(by: .seconds(1200))
        let left = await letIn()
        #expect(left.count == 2 && left.last == 3)
    }

    @Test func whatIsNoOutageIsNotBridged() async throws {
        let token = try await vault.createToken(for: "acme").token
        #expect(try await memory.authenticate(token) != nil)
        await vault.close()
        await #expect(throws: VaultError(.closed, "")) { _ = try await memory.authenticate(token) }
    }
}
