import Foundation
import KeyVault
import Testing

/// What is said to people: sentences that name the provider, the record and the reason.
@Suite struct SentenceTests {
    @Test func ofWarnings() {
        #expect("\(KeyWarning.unknownShape(provider: "OpenAI"))".contains("OpenAI"))
        let unverified = KeyWarning.unverified(Validation(verdict: .unreachable, time: .now, reason: "No answer came."))
        #expect("\(unverified)".hasSuffix("No answer came."))
    }

    @Test func ofKeysThatAreNotUsed() throws {
        let id = try RecordID(tenant: "acme", provider: "openai")
        let reasons: [PassedOver] = [
            .disabled(id, .requested, until: nil), .disabled(id, .rejected, until: nil),
            .disabled(id, .coolingDown, until: nil), .expired(id), .unreadable(id),
        ]
        #expect(Set(reasons.map(\.description)).count == reasons.count)
        #expect(reasons.allSatisfy { $0.description.hasPrefix("acme/openai ") })
        let others: [PassedOver] = [.nothingStored, .storeFailed, .noPool, .poolDeniedByOperator, .poolDeniedByTenant]
        #expect(Set(others.map(\.description)).count == others.count)
        let until = Date(timeIntervalSince1970: 1_800_000_000)
        #expect("\(PassedOver.disabled(id, .coolingDown, until: until))".contains(" until 2027-01-15T08:00:00Z"))
    }
}
