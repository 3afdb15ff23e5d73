import Foundation
import KeyVault
import KeyVaultTesting
import Synchronization
import Testing

@Suite struct FeedbackTests {
    private final class Now: Sendable {
        private let date = Mutex(Date(timeIntervalSince1970: 1_790_000_000))
        var value: Date { date.withLock { $0 } }
        func pass(_ seconds: Double) { date.withLock { $0 += seconds } }
    }

    private let now = Now()
    private let store = MemoryStore()

    private func vault(disables: Bool = true) async throws -> Vault {
        let now = now
        return try await Vault.create(
            in: store, masterKey: MasterKeyRing(try MasterKey.random()),
            configuration: VaultConfiguration(
                date: { now.value }, checks: .off, disablesRejectedKeys: disables))
    }

    private func stored(in vault: Vault) async throws -> RecordInfo {
        try await vault.put(
            Secret("gsk_" + MadeUpKey.characters(.alphanumeric, 52)), for: RecordID(tenant: "acme", provider: "groq"))
    }

    @Test func aRefusedKeyIsMarkedAndNotServed() async throws {
        let vault = try await vault()
        let put = try await stored(in: vault)
        now.pass(5)
        let info = try #require(try await vault.report(.rejected, for: put.id))
        #expect(info.revision == put.revision + 1)
        #expect(info.metadata.verdict == .invalid)
        #expect(info.metadata.lastValidated == now.value)
        #expect(info.metadata.state == .disabled(.rejected, until: nil))
        #expect(info.metadata.updated == put.metadata.updated && info.metadata.created == put.metadata.created)
        #expect(try await vault.metadata(for: put.id).metadata == info.metadata)
        await #expect(throws: VaultError(.disabled, "")) { try await vault.withSecret(put.id) { _ in } }
        // A mark is no entry in the history: one row, as before.
        let rows = try await store.scan(.everything, after: nil, limit: 10)
        #expect(rows.map(\.key) == [RecordKey(id: put.id, revision: info.revision)])
    }

    @Test func byPolicyARefusedKeyIsOnlyMarked() async throws {
        let vault = try await vault(disables: false)
        let put = try await stored(in: vault)
        let info = try #require(try await vault.report(.rejected, for: put.id))
        #expect(info.metadata.state == .enabled && info.metadata.verdict == .invalid)
        #expect(try await vault.withSecret(put.id) { $0.byteCount } == 56)
    }

    @Test func aPauseEndsByItself() async throws {
        let vault = try await vault()
        let put = try await stored(in: vault)
        try await vault.report(.rateLimited(retryAfter: .seconds(30)), for: put.id)
        await #expect(throws: VaultError(.disabled, "")) { try await vault.withSecret(put.id) { _ in } }
        now.pass(29)
        await #expect(throws: VaultError(.disabled, "")) { try await vault.withSecret(put.id) { _ in } }
        now.pass(1)
        #expect(try await vault.withSecret(put.id) { $0.byteCount } == 56)
        // Without a time of the provider's, the configured one.
        let info = try #require(try await vault.report(.rateLimited(retryAfter: nil), for: put.id))
        #expect(info.metadata.state == .disabled(.coolingDown, until: now.value + 60))
        #expect(info.metadata.verdict == .unverified)
    }

    @Test func aPauseIsBounded() async throws {
        let vault = try await vault()
        let put = try await stored(in: vault)
        for wish in [Duration.seconds(1 << 40), .seconds(-5)] {
            let info = try #require(try await vault.report(.rateLimited(retryAfter: wish), for: put.id))
            guard case .disabled(.coolingDown, let until?) = info.metadata.state else {
                throw VaultError(.conflict, "")
            }
            #expect((0...86400).contains(until.timeIntervalSince(now.value)))
        }
    }

    /// Of two requests that met the limit, the later one may have been told a shorter time.
    @Test func ofTwoPausesTheLongerOneHolds() async throws {
        let vault = try await vault()
        let put = try await stored(in: vault)
        for seconds in [60, 5] { try await vault.report(.rateLimited(retryAfter: .seconds(seconds)), for: put.id) }
        let end = now.value + 60
        #expect(try await vault.metadata(for: put.id).metadata.state == .disabled(.coolingDown, until: end))
        now.pass(50)
        let info = try #require(try await vault.report(.rateLimited(retryAfter: .seconds(20)), for: put.id))
        #expect(info.metadata.state == .disabled(.coolingDown, until: end + 10))
    }

    @Test func whatAPersonDisabledStaysSo() async throws {
        let vault = try await vault()
        let put = try await stored(in: vault)
        try await vault.disable(put.id)
        try await vault.report(.rateLimited(retryAfter: .seconds(1)), for: put.id)
        try await vault.report(.rejected, for: put.id)
        let metadata = try await vault.metadata(for: put.id).metadata
        #expect(metadata.state == .disabled(.requested, until: nil))
        #expect(metadata.verdict == .invalid)
        #expect(try await vault.enable(put.id).metadata.state == .enabled)
        #expect(try await vault.withSecret(put.id) { $0.byteCount } == 56)
    }

    @Test func aRefusalOutlastsAPause() async throws {
        let vault = try await vault()
        let put = try await stored(in: vault)
        try await vault.report(.rejected, for: put.id)
        try await vault.report(.rateLimited(retryAfter: .seconds(1)), for: put.id)
        now.pass(100)
        await #expect(throws: VaultError(.disabled, "")) { try await vault.withSecret(put.id) { _ in } }
    }

    @Test func newsOfAKeyThatWasReplacedIsDropped() async throws {
        let vault = try await vault()
        let old = try await stored(in: vault)
        let secret = try await self.secret(of: old.id, in: vault)
        let new = try await vault.put(Secret("gsk_" + MadeUpKey.characters(.alphanumeric, 52, seed: 2)), for: old.id)
        #expect(try await vault.report(.rejected, for: old.id, using: secret) == nil)
        #expect(try await vault.metadata(for: new.id).metadata.state == .enabled)
        try await vault.delete(new.id)
        #expect(try await vault.report(.rejected, for: new.id) == nil)
    }

    /// Of many requests with one key, each may bring news; the first of them has moved the revision.
    @Test func newsOfOneKeyCountsWhateverWasNotedOfItMeanwhile() async throws {
        let vault = try await vault()
        let put = try await stored(in: vault)
        let secret = try await secret(of: put.id, in: vault)
        for seconds in [5, 600] {
            try await vault.report(.rateLimited(retryAfter: .seconds(seconds)), for: put.id, using: secret)
        }
        let paused = try await vault.metadata(for: put.id).metadata
        #expect(paused.state == .disabled(.coolingDown, until: now.value + 600))
        let refused = try #require(try await vault.report(.rejected, for: put.id, using: secret)).metadata
        #expect(refused.state == .disabled(.rejected, until: nil) && refused.verdict == .invalid)
    }

    private func secret(of id: RecordID, in vault: Vault) async throws -> Secret {
        try await vault.withSecret(id) { try Secret(copying: $0) }
    }

    /// Whoever named no revision meant whatever key there is, also one that was put amid the mark.
    @Test func aKeyThatIsPutAmidAMarkIsMarked() async throws {
        let ring = MasterKeyRing(try MasterKey.random())
        let other = try await Vault.create(in: store, masterKey: ring, configuration: VaultConfiguration(checks: .off))
        let faults = FaultInjectingStore(store)
        let vault = try await Vault.open(faults, keys: ring, configuration: VaultConfiguration(checks: .off))
        let id = try RecordID(tenant: "acme", provider: "groq")
        faults.hold(.read, .after)
        async let info = vault.disable(id)
        await faults.waitUntilHeld(.read, .after)
        let put = try await stored(in: other)
        faults.release(.read, .after)
        #expect(try await info.revision == put.revision + 1)
        #expect(try await other.metadata(for: id).metadata.state == .disabled(.requested, until: nil))
    }

    @Test func enableAndDisableAreConditionalAndNamed() async throws {
        let vault = try await vault()
        let put = try await stored(in: vault)
        await #expect(throws: VaultError(.conflict, "")) { try await vault.disable(put.id, expectedRevision: 7) }
        let missing = try RecordID(tenant: "acme", provider: "xai")
        await #expect(throws: VaultError(.notFound, "")) { try await vault.enable(missing) }
        // Nothing changed, so no new revision.
        #expect(try await vault.enable(put.id).revision == put.revision)
        // A new key is served, whatever was with the old one.
        try await vault.disable(put.id)
        #expect(try await stored(in: vault).metadata.state == .enabled)
    }
}
