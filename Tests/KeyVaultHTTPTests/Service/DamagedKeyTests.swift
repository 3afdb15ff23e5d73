import HTTPTypes
import Hummingbird
import HummingbirdTesting
import KeyVault
import KeyVaultStorage
import Testing

@testable import KeyVaultHTTP

/// A key whose record does not open: to try again is of no use, so that the answer is not that of a vault out of reach.
@Suite struct DamagedKeyTests {
    @Test(arguments: ["enable", "disable"]) func isSaidToBeSo(action: String) async throws {
        let store = MemoryStore()
        let fixture = try await ServiceFixture(store: store)
        let id = try RecordID(tenant: "acme", provider: "openai")
        try await fixture.vault.put(Secret("sk-proj-live"), for: id)
        let row = try #require(try await store.read(id))
        let generation = try #require(try await store.readHead()).generation
        // The row of another id does not open as this one's.
        let other = try RecordID(tenant: "acme", provider: "google")
        let moved = RecordChange.insert(RecordKey(id: other, revision: row.revision + 1), sealed: row.sealed)
        try await store.write(WriteBatch(generation: generation, changes: [moved]))
        try await fixture.test { client in
            let answer = try await client.execute(uri: "/v1/account/llm-keys/google/\(action)", method: .post) { $0 }
            #expect(answer.status == .conflict)
            #expect(String(buffer: answer.body).contains(#""error":"key_unreadable""#))
            #expect(answer.headers[.retryAfter] == nil)
        }
    }

    /// Whoever stored it is not told to replace it: the server is to be upgraded.
    @Test func aKeyOfALaterReleaseIsNotDamaged() async throws {
        let store = MemoryStore()
        let fixture = try await ServiceFixture(store: store)
        let id = try RecordID(tenant: "acme", provider: "openai")
        try await fixture.vault.put(Secret("sk-proj-live"), for: id)
        let row = try #require(try await store.read(id))
        let generation = try #require(try await store.readHead()).generation
        var sealed = row.sealed
        sealed[4] = 2
        let commitment = Array(sealed[SealedRecord.commitmentRange])
        try await store.write(
            WriteBatch(generation: generation, changes: [.rewrap(row.key, sealed: sealed, commitment: commitment)]))
        try await fixture.test { client in
            let answer = try await client.execute(uri: "/v1/account/llm-keys/openai/enable", method: .post) { $0 }
            #expect(answer.status == .serviceUnavailable)
            #expect(String(buffer: answer.body).contains("written by a later release"))
            let details = try await client.execute(uri: "/v1/account/llm-keys/details", method: .get) { $0 }
            #expect(String(buffer: details.body).contains(#""state":"unavailable""#))
        }
    }
}
