import KeyVault
import KeyVaultTesting
import Testing

/// A record that does not open can still be listed, shown and deleted, and it does not stand in the way of others.
@Suite struct DamagedRecordTests {
    private let store = MemoryStore()
    private let vault: Vault
    private let sound: RecordID
    private let damaged: RecordID

    init() async throws {
        vault = try await Vault.create(in: store, masterKey: MasterKeyRing(try MasterKey.random()))
        sound = try RecordID(tenant: "acme", provider: "openai")
        damaged = try RecordID(tenant: "acme", provider: "openai", label: "spare")
        for id in [sound, damaged] { try await vault.put(Secret("sk-1"), for: id) }
        let row = try #require(try await store.read(damaged))
        var sealed = row.sealed
        sealed[sealed.count - 1] ^= 1
        let commitment = Array(sealed[SealedRecord.commitmentRange])
        try await store.write(
            WriteBatch(generation: 1, changes: [.rewrap(row.key, sealed: sealed, commitment: commitment)]))
    }

    @Test func anEntrySaysWhatIsWrong() async throws {
        let entry = try await vault.entry(for: damaged)
        #expect(entry.revision == 1)
        #expect(entry.metadata == nil)
        #expect(entry.damage?.contains("does not open") == true)
        let other = try await vault.entry(for: sound)
        #expect(other.damage == nil)
        #expect(other.metadata?.verdict == .unverified)
        let unknown = try RecordID(tenant: "acme", provider: "mistral")
        await #expect(throws: VaultError(.notFound, "")) { _ = try await vault.entry(for: unknown) }
    }

    @Test func theSoundOnesOfATenantAreServed() async throws {
        #expect(try await vault.withSecret(sound) { $0.byteCount } == 4)
        await #expect(throws: VaultError(.damagedRecord, "")) { try await vault.withSecret(damaged) { _ in } }
        #expect(try await vault.list(tenant: "acme").entries.map(\.id) == [sound, damaged])
    }

    @Test func aHistoryAndASweepPassItBy() async throws {
        let history = try await vault.history(of: damaged)
        #expect(history.map(\.revision) == [1])
        #expect(history[0].metadata == nil)
        let report = try await vault.sweep()
        #expect(report.expired == 0 && report.revisions == 0)
    }

    @Test func aVerificationGoesOnBehindWhatItHasSeen() async throws {
        try await vault.put(
            try (0..<300).map {
                PutRequest(try RecordID(tenant: "b", provider: "openai", label: "\($0)"), try Secret("sk-1"))
            })
        var reports: [VerifyReport] = []
        let whole = try await vault.verify { reports.append($0) }
        #expect(whole.records == 302 && whole.damaged.map(\.id) == [damaged])
        let first = try #require(reports.first)
        #expect(reports.count == 2 && first.records == 256)
        let rest = try await vault.verify(resuming: first) { reports.append($0) }
        #expect(reports.count == 3)
        #expect(rest.records == 302 && rest.damaged == whole.damaged && rest.position == whole.position)
    }

    @Test func aResolverPassesItByToo() async throws {
        let resolver = KeyResolver(vault: vault)
        let request = KeyRequest(tenant: "acme", provider: "openai")
        let served = try await resolver.withKey(for: request) { _, resolution in resolution.origin }
        #expect(served == .vault(sound, revision: 1))
        try await vault.delete(sound)
        let error = await #expect(throws: VaultError.self) { try await resolver.withKey(for: request) { _, _ in } }
        #expect(error?.code == .damagedRecord)
        #expect((error?.cause as? NoUsableKey)?.passedOver.contains(.unreadable(damaged)) == true)
    }

    /// Bytes that are no record at all. What is damaged in its ciphertext alone is moved: a rewrap does not read that.
    @Test func aRotationReportsWhatItCannotMove() async throws {
        let noRecord = try RecordID(tenant: "acme", provider: "none")
        try await store.write(
            WriteBatch(generation: 1, changes: [.insert(RecordKey(id: noRecord, revision: 9), sealed: [1, 2, 3])]))
        let new = MasterKeyRing(try MasterKey.random())
        let report = try await vault.rotateMasterKey(to: new)
        #expect(report.failed.map(\.id) == [noRecord])
        #expect(report.retired.isEmpty)
        #expect(try await vault.delete(noRecord))
        #expect(try await vault.rotateMasterKey(to: new).retired.count == 1)
        #expect(try await vault.withSecret(sound) { $0.byteCount } == 4)
        #expect(try await vault.entry(for: damaged).damage != nil)
    }

    @Test func aTokenThatDoesNotOpenIsListedWithoutATenant() async throws {
        let made = try await vault.createToken(for: "acme")
        let rows = try await store.scan(.everything, after: nil, limit: 9)
        let row = try #require(rows.first { $0.id.isReserved })
        var sealed = row.sealed
        sealed[sealed.count - 1] ^= 1
        let commitment = Array(sealed[SealedRecord.commitmentRange])
        try await store.write(
            WriteBatch(generation: 1, changes: [.rewrap(row.key, sealed: sealed, commitment: commitment)]))
        #expect(try await vault.tokens().map(\.tenant) == [nil])
        #expect(try await vault.tokens(of: "acme").isEmpty)
        await #expect(throws: VaultError(.damagedRecord, "")) { _ = try await vault.authenticate(made.token) }
        #expect(try await vault.revokeToken(made.info.id))
    }

    /// As a row of a database whose revision is none, which its store deletes and does not read.
    @Test func whatTheStoreCannotReadCanBeDeletedToo() async throws {
        let faulty = FaultInjectingStore(store)
        let ring = MasterKeyRing(try MasterKey.random())
        _ = try await vault.rotateMasterKey(to: ring)
        let vault = try await Vault.open(faulty, keys: ring)
        faulty.fail(.read, with: StoreError(.corrupt, "The revision is none."), times: .max)
        await #expect(throws: VaultError(.store, "")) { try await vault.delete(sound, expectedRevision: 1) }
        #expect(try await vault.delete(sound))
        faulty.fail(.read, with: StoreError(.io, "The disk is gone."), times: .max)
        await #expect(throws: VaultError(.store, "")) { try await vault.delete(damaged) }
        #expect(try await store.scan(.everything, after: nil, limit: 9).map(\.id) == [damaged])
    }

    @Test func itCanBeDeleted() async throws {
        #expect(try await vault.delete(damaged))
        #expect(try await vault.verify().damaged.isEmpty)
    }
}
