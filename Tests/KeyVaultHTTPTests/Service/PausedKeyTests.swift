import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import KeyVault
import NIOCore
import Testing

@testable import KeyVaultHTTP

/// A key that rests since its provider asked for a pause: whoever owns it is told until when.
@Suite struct PausedKeyTests {
    @Test func isSaidToRestUntilWhen() async throws {
        let fixture = try await ServiceFixture()
        let id = try RecordID(tenant: "acme", provider: "openai")
        try await fixture.vault.put(Secret("sk-proj-live"), for: id)
        let info = try await fixture.vault.report(.rateLimited(retryAfter: .seconds(86400)), for: id)
        guard case .disabled(_, let until?) = info?.metadata.state else { throw VaultError(.conflict, "") }
        try await fixture.test { client in
            let details = try await client.execute(uri: "/v1/account/llm-keys/details", method: .get) { $0 }
            #expect(String(buffer: details.body).contains("The key is used again at \(until.iso8601)."))
            let chat = try await client.execute(
                uri: "/v1/chat/completions", method: .post,
                body: ByteBuffer(string: #"{"model":"gpt-4o","messages":[]}"#)
            ) { $0 }
            #expect(chat.status == .forbidden)
            #expect(String(buffer: chat.body).contains(" until \(until.iso8601)"))
            #expect(chat.headers[.retryAfter] != nil)
        }
    }

    @Test func ofSeveralTheFirstThatServesAgainCounts() throws {
        let now = Date(timeIntervalSince1970: 1_800_000_000)
        let id = try RecordID(tenant: "acme", provider: "openai")
        let pauses = [600, 59.2, 60].map { PassedOver.disabled(id, .coolingDown, until: now + $0) }
        #expect((pauses + [.noPool]).secondsOfPause(at: now) == 60)
        #expect(pauses.secondsOfPause(at: now + 59.2) == 0)
        #expect([PassedOver.disabled(id, .rejected, until: nil), .noPool].secondsOfPause(at: now) == nil)
    }
}
