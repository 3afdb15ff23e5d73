import KeyVault
import KeyVaultStorage
import KeyVaultTesting
import Synchronization
import Testing

import struct Foundation.Date

@Suite struct TokenTests {
    private let store = MemoryStore()

    private func vault(_ store: some RecordStore, now: @escaping @Sendable () -> Date = { Date() }) async throws
        -> Vault
    {
        try await Vault.create(
            in: store, masterKey: MasterKeyRing(try MasterKey.random()),
            configuration: VaultConfiguration(clock: ContinuousClock(), date: now))
    }

    @Test func speaksForItsTenantUntilItIsRevoked() async throws {
        let vault = try await vault(store)
        let made = try await vault.createToken(for: "acme")
        #expect(made.token.hasPrefix("kvt_\(made.info.id)_"))
        #expect(try await vault.authenticate(made.token)?.tenant == "acme")
        #expect(try await vault.revokeToken(made.info.id))
        #expect(try await vault.revokeToken(made.info.id) == false)
        #expect(try await vault.authenticate(made.token) == nil)
    }

    /// Whether it is cached or not, and whether somebody looks on or not.
    @Test(arguments: [false, true]) func aTokenIsOutOfReachOfWhoeverNamesItLikeAKey(isAudited: Bool) async throws {
        var configuration = VaultConfiguration()
        if isAudited { configuration.audit = { _ in } }
        let vault = try await Vault.create(
            in: store, masterKey: MasterKeyRing(try MasterKey.random()), configuration: configuration)
        let made = try await vault.createToken(for: "acme")
        let id = try RecordID(tenant: "_tokens", provider: made.info.id)
        func expectRefused() async {
            let refusal = VaultError(.invalidArgument, "")
            await #expect(throws: refusal) { try await vault.withSecret(id) { $0.byteCount } }
            await #expect(throws: refusal) { try await vault.withSecret(id, revision: 1) { $0.byteCount } }
            await #expect(throws: refusal) { try await vault.metadata(for: id) }
            await #expect(throws: refusal) { try await vault.entry(for: id) }
            await #expect(throws: refusal) { try await vault.history(of: id) }
            await #expect(throws: refusal) { try await vault.rollback(id) }
            await #expect(throws: refusal) { try await vault.put(Secret("secret"), for: id) }
            await #expect(throws: refusal) { try await vault.disable(id) }
            await #expect(throws: refusal) { try await vault.report(.rejected, for: id) }
            await #expect(throws: refusal) { try await vault.deleteRevision(1, of: id) }
            await #expect(throws: refusal) { try await vault.delete(id) }
            await #expect(throws: refusal) { try await vault.deleteAll(of: "_tokens") }
        }
        await expectRefused()
        #expect(try await vault.authenticate(made.token)?.tenant == "acme")
        await expectRefused()
        #expect(try await vault.authenticate(made.token)?.tenant == "acme")
    }

    /// Two names that differ only in Unicode's normal form are two tenants.
    @Test func aTenantsTokensAreThoseOfItsBytes() async throws {
        let vault = try await vault(store)
        let made = try await vault.createToken(for: "caf\u{E9}")
        #expect(try await vault.tokens(of: "caf\u{E9}").map(\.id) == [made.info.id])
        #expect(try await vault.tokens(of: "cafe\u{301}").isEmpty)
    }

    /// What is given for an id may be the token: it is neither repeated nor written down.
    @Test func whatIsNoIDIsRevokedByNobody() async throws {
        let audited = Mutex<[AuditEvent]>([])
        let vault = try await Vault.create(
            in: store, masterKey: MasterKeyRing(try MasterKey.random()),
            configuration: VaultConfiguration(audit: { event in audited.withLock { $0.append(event) } }))
        let made = try await vault.createToken(for: "acme")
        let before = audited.withLock(\.count)
        for other in [made.token, "", made.info.id + "0", made.info.id.uppercased() + "G", "a/b"] {
            let error = await #expect(throws: VaultError.self) { try await vault.revokeToken(other) }
            #expect(error?.code == .invalidArgument)
            #expect(error?.description.contains(made.info.id) == false)
        }
        #expect(audited.withLock(\.count) == before)
        #expect(try await vault.authenticate(made.token) != nil)
    }

    @Test func anyChangedDigitIsRefused() async throws {
        let vault = try await vault(store)
        let token = try await vault.createToken(for: "acme").token
        for index in token.indices where token[index] != "_" {
            var other = token
            other.replaceSubrange(index...index, with: token[index] == "A" ? "C" : "A")
            #expect(
                try await vault.authenticate(other) == nil,
                "position \(token.distance(from: token.startIndex, to: index))")
        }
        // Bits beyond the secret's 256 are no second way to write it.
        let last = try #require(token.utf8.last)
        let sloppy = String(token.dropLast()) + String(decoding: [last + 1], as: UTF8.self)
        for other in ["", sloppy, "kvt_", token + "A", String(token.dropLast()), token + "\u{0}", "Bearer " + token] {
            #expect(try await vault.authenticate(other) == nil)
        }
    }

    @Test func aSecretFitsItsOwnIDOnly() async throws {
        let vault = try await vault(store)
        let (one, other) = (try await vault.createToken(for: "acme"), try await vault.createToken(for: "rival"))
        let mixed = one.token.replacing(one.info.id, with: other.info.id)
        #expect(try await vault.authenticate(mixed) == nil)
    }

    @Test func expires() async throws {
        let now = Mutex(Date(timeIntervalSince1970: 1_800_000_000))
        let clock = Clock(now)
        let vault = try await vault(store) { clock.date }
        let made = try await vault.createToken(for: "acme", expires: Date(timeIntervalSince1970: 1_800_000_010))
        #expect(try await vault.authenticate(made.token)?.expires == Date(timeIntervalSince1970: 1_800_000_010))
        clock.date = Date(timeIntervalSince1970: 1_800_000_010)
        #expect(try await vault.authenticate(made.token) == nil)
        #expect(try await vault.tokens().map(\.id) == [made.info.id])
    }

    @Test func moreTokensThanAPageAreAllListed() async throws {
        let vault = try await vault(store)
        var ids: Set<String> = []
        for _ in 0..<501 { ids.insert(try await vault.createToken(for: "acme").info.id) }
        #expect(Set(try await vault.tokens(of: "acme").map(\.id)) == ids)
    }

    @Test func listsByTenantAndHidesFromKeys() async throws {
        let vault = try await vault(store)
        let one = try await vault.createToken(for: "acme").info
        let other = try await vault.createToken(for: "rival").info
        #expect(try await vault.tokens(of: "acme").map(\.id) == [one.id])
        #expect(Set(try await vault.tokens().map(\.id)) == [one.id, other.id])
        #expect(try await vault.list().entries.isEmpty)
        let own = try await vault.list(tenant: "_tokens", limit: 1)
        #expect(own.entries.isEmpty && own.next == nil)
        await #expect(throws: VaultError(.invalidArgument, "")) { try await vault.createToken(for: "_tokens") }
    }

    @Test func theStoreNeverHoldsTheToken() async throws {
        let vault = try await vault(store)
        let made = try await vault.createToken(for: "acme")
        let rows = try await store.scan(.currentOf(tenant: "_tokens"), after: nil, limit: 10)
        let secret = Array(made.token.utf8.suffix(43))
        for row in rows { #expect(!row.sealed.contains(secret)) }
    }

    @Test func anOutageLetsInWhoWasLetInBefore() async throws {
        let faulty = FaultInjectingStore(store)
        let vault = try await vault(faulty)
        let (known, unknown) = (try await vault.createToken(for: "acme"), try await vault.createToken(for: "acme"))
        let memory = TokenMemory(vault)
        #expect(try await memory.authenticate(known.token)?.tenant == "acme")
        for operation in [FaultInjectingStore.Operation.read, .scan] {
            faulty.fail(operation, with: StoreError(.io, "gone"), times: 100)
        }
        #expect(try await memory.authenticate(known.token)?.tenant == "acme")
        await #expect(throws: VaultError(.store, "")) { try await memory.authenticate(unknown.token) }
        faulty.heal()
        try await vault.revokeToken(known.info.id)
        #expect(try await memory.authenticate(known.token) == nil)
        for operation in [FaultInjectingStore.Operation.read, .scan] {
            faulty.fail(operation, with: StoreError(.io, "gone"), times: 100)
        }
        #expect(try await memory.authenticate(known.token) == nil)
    }
}

private final class Clock: Sendable {
    private let now: Mutex<Date>

    init(_ now: consuming Mutex<Date>) { self.now = now }

    var date: Date {
        get { now.withLock { $0 } }
        set { now.withLock { $0 = newValue } }
    }
}
