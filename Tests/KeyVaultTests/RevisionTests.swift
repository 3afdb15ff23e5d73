import Foundation
import KeyVault
import KeyVaultTesting
import Testing

@Suite struct RevisionTests {
    let clock = ManualClock()
    let store = MemoryStore()
    let vault: Vault
    let id: RecordID

    init() async throws {
        let clock = clock
        let configuration = VaultConfiguration(clock: clock, date: { clock.date })
        vault = try await Vault.create(
            in: store, masterKey: MasterKeyRing(try MasterKey.random()), configuration: configuration)
        id = try RecordID(tenant: "acme", provider: "example")
    }

    private func text(revision: UInt64? = nil) async throws -> String {
        func string(_ secret: RawSpan) -> String {
            unsafe secret.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
        }
        guard let revision else { return try await vault.withSecret(id) { string($0) } }
        return try await vault.withSecret(id, revision: revision) { string($0) }
    }

    @Test func aReplacedKeyIsGoneUnlessItIsKept() async throws {
        try await vault.put(Secret("one"), for: id)
        try await vault.put(Secret("two"), for: id)
        await #expect(throws: VaultError(.notFound, "")) { try await text(revision: 1) }
        try await vault.put([PutRequest(id, Secret("three"), keepPreviousFor: .seconds(60))])
        #expect(try await text(revision: 2) == "two")
        #expect(try await text() == "three")
        #expect(try await vault.history(of: id).map(\.revision) == [3, 2])
    }

    /// Another vault, on the same clock: no busy machine ends what is kept.
    private func makeVault(in store: FaultInjectingStore) async throws -> Vault {
        let clock = clock
        return try await Vault.create(
            in: store, masterKey: MasterKeyRing(try MasterKey.random()),
            configuration: VaultConfiguration(clock: clock, date: { clock.date }))
    }

    /// Rows are read in pages; the current one of the first page is replaced before the second is read.
    @Test func aRevisionThatGoesWhileTheHistoryIsReadIsNotInIt() async throws {
        let store = FaultInjectingStore(MemoryStore())
        let vault = try await makeVault(in: store)
        for number in 1...64 {
            try await vault.put([PutRequest(id, Secret("secret \(number)"), keepPreviousFor: .seconds(60))])
        }
        store.hold(.scan, skipping: 1)
        let history = Task { [id] in try await vault.history(of: id) }
        await store.waitUntilHeld(.scan)
        try await vault.put(Secret("new"), for: id)
        store.release(.scan)
        let revisions = try await history.value.map(\.revision)
        #expect(revisions == [65] + (1...63).reversed())
        await vault.close()
    }

    /// A flat file sorts all that it holds for its first list.
    @Test func anEarlierRevisionIsReadWithoutAList() async throws {
        let store = FaultInjectingStore(MemoryStore())
        let vault = try await makeVault(in: store)
        for text in ["one", "second"] {
            try await vault.put([PutRequest(id, Secret(text), keepPreviousFor: .seconds(60))])
        }
        store.fail(.scan, with: StoreError(.io, "A list."), times: .max)
        #expect(try await vault.withSecret(id, revision: 1) { $0.byteCount } == 3)
        #expect(try await vault.withSecret(id, revision: 2) { $0.byteCount } == 6)
        await #expect(throws: VaultError(.notFound, "")) { try await vault.withSecret(id, revision: 3) { _ in } }
        await vault.close()
    }

    @Test func aKeptKeyEndsWithItsPeriodAndIsSwept() async throws {
        try await vault.put(Secret("one"), for: id)
        try await vault.put([PutRequest(id, Secret("two"), keepPreviousFor: .seconds(60))])
        clock.advance(by: .seconds(59))
        #expect(try await text(revision: 1) == "one")
        #expect(try await vault.sweep().revisions == 0)
        clock.advance(by: .seconds(1))
        await #expect(throws: VaultError(.expired, "")) { try await text(revision: 1) }
        #expect(try await vault.history(of: id).map(\.revision) == [2])
        #expect(try await vault.sweep().revisions == 1)
        #expect(try await store.scan(.everything, after: nil, limit: 9).map(\.revision) == [2])
    }

    /// While the provider is asked about it.
    @Test func aRevisionThatIsDeletedDuringARollbackDoesNotComeBack() async throws {
        let validator = HeldValidator()
        let vault = try await Vault.create(
            in: MemoryStore(), masterKey: MasterKeyRing(try MasterKey.random()),
            configuration: VaultConfiguration(validator: validator))
        let id = try RecordID(tenant: "acme", provider: "groq")
        func key() throws -> Secret { try Secret("gsk_" + MadeUpKey.characters(.alphanumeric, 52)) }
        _ = try await vault.putUnchecked([PutRequest(id, key())])
        _ = try await vault.putUnchecked([PutRequest(id, key(), keepPreviousFor: .seconds(600))])
        let rollback = Task { try await vault.rollback(id) }
        await validator.waitUntilAsked()
        #expect(try await vault.deleteRevision(1, of: id))
        validator.answer()
        await #expect(throws: VaultError(.notFound, "")) { try await rollback.value }
        #expect(try await vault.metadata(for: id).revision == 2)
    }

    @Test func anExpiredKeyIsNotServedByItsNumberEither() async throws {
        try await vault.put([PutRequest(id, Secret("one"), expires: clock.date.addingTimeInterval(10))])
        #expect(try await text(revision: 1) == "one")
        clock.advance(by: .seconds(10))
        await #expect(throws: VaultError(.expired, "")) { try await text(revision: 1) }
        #expect(try await vault.sweep().expired == 1)
    }

    @Test func anEarlierRevisionIsServedNoLongerThanItsKeyWas() async throws {
        let expires = clock.date.addingTimeInterval(10)
        try await vault.put([PutRequest(id, Secret("one"), expires: expires)])
        try await vault.put([PutRequest(id, Secret("two"), keepPreviousFor: .seconds(60))])
        #expect(try await text(revision: 1) == "one")
        clock.advance(by: .seconds(10))
        let error = await #expect(throws: VaultError.self) { try await text(revision: 1) }
        #expect(error?.code == .expired)
        #expect(error?.message.hasPrefix("Revision 1 of the key acme/example expired") == true)
        try await vault.disable(id)
        let disabled = try await vault.metadata(for: id).revision
        try await vault.put([PutRequest(id, Secret("three"), keepPreviousFor: .seconds(60))])
        await #expect(throws: VaultError(.disabled, "")) { try await text(revision: disabled) }
        // When a pause ends is not kept: it is over.
        try await vault.report(.rateLimited(retryAfter: .seconds(60)), for: id)
        let resting = try await vault.metadata(for: id).revision
        await #expect(throws: VaultError(.disabled, "")) { try await text(revision: resting) }
        try await vault.put([PutRequest(id, Secret("four"), keepPreviousFor: .seconds(60))])
        #expect(try await text(revision: resting) == "three")
        // Going back to a key is somebody's decision.
        #expect(try await vault.rollback(id, to: disabled).revision == resting + 2)
        #expect(try await text() == "two")
    }

    @Test func moreRevisionsThanAPageAreAllThere() async throws {
        for number in 1...70 {
            try await vault.put([PutRequest(id, Secret("\(number)"), keepPreviousFor: .seconds(60))])
        }
        #expect(try await vault.history(of: id).map(\.revision) == (1...70).reversed())
        #expect(try await text(revision: 65) == "65")
    }

    @Test func aRevisionWhoseTimeHasEndedIsThereToBeDeletedUntilASweep() async throws {
        try await vault.put(Secret("one"), for: id)
        try await vault.put([PutRequest(id, Secret("two"), keepPreviousFor: .seconds(60))])
        clock.advance(by: .seconds(61))
        #expect(try await vault.history(of: id).map(\.revision) == [2])
        #expect(try await vault.deleteRevision(1, of: id))
        #expect(try await !vault.deleteRevision(1, of: id))
    }

    @Test func aRollbackIsANewRevisionWithTheOldKey() async throws {
        try await vault.put(Secret("one"), for: id)
        try await vault.put([PutRequest(id, Secret("two"), keepPreviousFor: .seconds(60))])
        let info = try await vault.rollback(id, keepPreviousFor: .seconds(60))
        #expect(info.revision == 3)
        #expect(try await text() == "one")
        #expect(try await text(revision: 2) == "two")
        try await vault.deleteRevision(2, of: id)
        try await vault.deleteRevision(1, of: id)
        await #expect(throws: VaultError(.notFound, "")) { try await vault.rollback(id) }
        await #expect(throws: VaultError(.conflict, "")) { try await vault.deleteRevision(3, of: id) }
    }

    @Test func aRollbackBringsTheKeysPlaceAndExpiryBackToo() async throws {
        let expires = clock.date.addingTimeInterval(60)
        try await vault.put([PutRequest(id, Secret("one"), expires: expires, order: 1)])
        try await vault.put([PutRequest(id, Secret("two"), keepPreviousFor: .seconds(60), order: 2)])
        let metadata = try await vault.rollback(id).metadata
        #expect(metadata.order == 1 && metadata.expires == expires)
    }

    @Test func aRollbackToAKeyThatHasExpiredIsRefused() async throws {
        try await vault.put([PutRequest(id, Secret("one"), expires: clock.date.addingTimeInterval(10))])
        try await vault.put([PutRequest(id, Secret("two"), keepPreviousFor: .seconds(60))])
        clock.advance(by: .seconds(10))
        for revision in [nil, 1] as [UInt64?] {
            await #expect(throws: VaultError(.expired, "")) { try await vault.rollback(id, to: revision) }
        }
        #expect(try await text() == "two")
    }

    @Test func aRollbackPassesByWhoseTimeHasEnded() async throws {
        try await vault.put(Secret("one"), for: id)
        try await vault.put([PutRequest(id, Secret("two"), keepPreviousFor: .seconds(60))])
        try await vault.put([PutRequest(id, Secret("three"), keepPreviousFor: .seconds(10))])
        clock.advance(by: .seconds(10))
        await #expect(throws: VaultError(.expired, "")) { try await vault.rollback(id, to: 2) }
        try await vault.rollback(id)
        #expect(try await text() == "one")
    }

    @Test func anEarlierRevisionServesForAsLongAsItTakes() async throws {
        try await vault.put(Secret("one"), for: id)
        try await vault.put([PutRequest(id, Secret("three"), keepPreviousFor: .seconds(60))])
        let length = try await vault.withSecret(id, revision: 1) { secret in
            await Task.yield()
            return secret.byteCount
        }
        #expect(length == 3)
    }

    @Test func deletingDeletesAllRevisions() async throws {
        try await vault.put(Secret("one"), for: id)
        try await vault.put([PutRequest(id, Secret("two"), keepPreviousFor: .seconds(60))])
        try await vault.delete(id)
        #expect(try await store.scan(.everything, after: nil, limit: 9).isEmpty)
    }

    @Test func anExpiredKeyIsListedButNotServedAndCanBeSwept() async throws {
        let expires = clock.date + 60
        try await vault.put([PutRequest(id, Secret("one"), expires: expires)])
        #expect(try await text() == "one")
        clock.advance(by: .seconds(60))
        let error = await #expect(throws: VaultError.self) { try await text() }
        #expect(error?.code == .expired)
        #expect(error?.message.contains("2027-01-15T08:01:00Z") == true)
        #expect(try await vault.metadata(for: id).metadata.expires == expires)
        #expect(try await vault.sweep().expired == 1)
        await #expect(throws: VaultError(.notFound, "")) { try await text() }
    }

    @Test func aRetainedRowDoesNotPassForALaterRevision() async throws {
        try await vault.put(Secret("one"), for: id)
        try await vault.put([PutRequest(id, Secret("two"), keepPreviousFor: .seconds(60))])
        let retained = try #require(try await store.read(RecordKey(id: id, revision: 1)))
        // What somebody who may delete rows could try: take the newest away.
        try await store.write(
            WriteBatch(
                generation: 1,
                changes: [
                    .delete(id, revision: nil),
                    .insert(
                        RecordKey(id: id, revision: 3), sealed: retained.sealed),
                ]))
        await #expect(throws: VaultError(.damagedRecord, "")) { try await text() }
    }

    /// As it was, under its own revision: nothing but the kind tells it from a current row.
    @Test func aRetainedRowThatIsLeftAloneIsServedByNoWay() async throws {
        let (whole, ring) = (MemoryStore(), MasterKeyRing(try MasterKey.random()))
        let writer = try await Vault.create(in: whole, masterKey: ring)
        try await writer.put(Secret("one"), for: id)
        try await writer.put([PutRequest(id, Secret("two"), keepPreviousFor: .seconds(60))])
        let retained = try #require(try await whole.read(RecordKey(id: id, revision: 1)))
        // What is left when somebody takes the newest away: a store as it would be without it.
        let left = MemoryStore()
        try await left.create(header: try #require(try await whole.readHead()).header)
        try await left.write(WriteBatch(generation: 1, changes: [.insert(retained.key, sealed: retained.sealed)]))
        let vault = try await Vault.open(left, keys: ring)
        let damaged = VaultError(.damagedRecord, "")
        await #expect(throws: damaged) { try await vault.withSecret(id) { $0.byteCount } }
        await #expect(throws: damaged) { try await vault.withSecret(id, revision: 1) { $0.byteCount } }
        await #expect(throws: damaged) { try await vault.metadata(for: id) }
        #expect(try await vault.list().entries.map { $0.damage == nil } == [false])
        #expect(try await vault.verify().damaged.map(\.revision) == [1])
        #expect(try await writer.withSecret(id, revision: 1) { $0.byteCount } == 3)
    }
}

/// Answers when it is told to.
private final class HeldValidator: ProviderValidator {
    private let (asked, noteAsked) = AsyncStream<Void>.makeStream()
    private let (answers, sendAnswer) = AsyncStream<Void>.makeStream()

    func waitUntilAsked() async { for await _ in asked { return } }
    func answer() { sendAnswer.yield() }

    func validate(_ secret: RawSpan, of provider: Provider) async -> Validation {
        noteAsked.yield()
        for await _ in answers { break }
        return Validation(verdict: .valid, time: Date(timeIntervalSince1970: 1_790_000_000), reason: "Fine.")
    }
}
