import Foundation
import KeyVault
import Testing

/// The rule of resolution as a truth table: inline × stored × pool × both policies, each row decided again here in the plainest
/// words.
@Suite struct ResolutionPlanTests {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)

    enum Inline: CaseIterable, Sendable { case none, own, broker, both, other }
    enum Stored: CaseIterable, Sendable {
        case none, usable, disabled, rejected, coolingDown, cooledDown, expired, expiresLater, failed
    }
    enum Pool: CaseIterable, Sendable { case none, configured }

    private static func key(_ provider: String, _ stored: Stored) throws -> StoredKey? {
        let later = now + 1
        let id = try RecordID(tenant: "acme", provider: provider)
        switch stored {
        case .none, .failed: return nil
        case .usable: return StoredKey(id: id, revision: 7)
        case .disabled: return StoredKey(id: id, revision: 7, state: .disabled(.requested, until: nil))
        case .rejected: return StoredKey(id: id, revision: 7, state: .disabled(.rejected, until: nil))
        case .coolingDown: return StoredKey(id: id, revision: 7, state: .disabled(.coolingDown, until: later))
        case .cooledDown: return StoredKey(id: id, revision: 7, state: .disabled(.coolingDown, until: now))
        case .expired: return StoredKey(id: id, revision: 7, expires: now)
        case .expiresLater: return StoredKey(id: id, revision: 7, expires: later)
        }
    }

    /// 5 × 9 × 9 × 2 × 2 × 2 rows.
    @Test(arguments: Inline.allCases, Stored.allCases)
    func theWholeTable(_ inline: Inline, _ own: Stored) throws {
        for broker in Stored.allCases {
            for pool in Pool.allCases {
                for operatorPolicy in PoolPolicy.allCases {
                    for tenantPolicy in PoolPolicy.allCases {
                        try check(inline, own, broker, pool, operatorPolicy, tenantPolicy)
                    }
                }
            }
        }
    }

    private func check(
        _ inline: Inline, _ own: Stored, _ broker: Stored, _ pool: Pool, _ operatorPolicy: PoolPolicy,
        _ tenantPolicy: PoolPolicy
    ) throws {
        let ownKey = try Self.key("openai", own)
        let brokerKey = try Self.key("openrouter", broker)
        let inlineNames: [Inline: Set<String>] = [
            .own: ["openai"], .broker: ["openrouter"], .both: ["openai", "openrouter"], .other: ["anthropic"],
        ]
        let hasFailed = own == .failed || broker == .failed
        let facts = ResolutionFacts(
            provider: "openai", inline: inlineNames[inline] ?? [],
            stored: hasFailed ? .failed : .known([brokerKey, ownKey].compactMap(\.self)),
            pool: pool == .none ? nil : .init(upstream: "openrouter", markup: 0.25), operatorPolicy: operatorPolicy,
            tenantPolicy: tenantPolicy, now: Self.now)

        let serves: Set<Stored> = [.usable, .cooledDown, .expiresLater]
        let poolServes = pool == .configured && operatorPolicy == .allow && tenantPolicy == .allow
        let expected: (origin: Resolution.Origin, upstream: String, markup: Double?)? =
            switch inline {
            case .own, .both: (.inline, "openai", nil)
            case .broker: (.inline, "openrouter", nil)
            case .none, .other:
                if let ownKey, serves.contains(own), !hasFailed {
                    (.vault(ownKey.id, revision: 7), "openai", nil)
                } else if let brokerKey, serves.contains(broker), !hasFailed {
                    (.vault(brokerKey.id, revision: 7), "openrouter", nil)
                } else if poolServes {
                    (.pool, "openrouter", 0.25)
                } else {
                    nil
                }
            }

        let plan = facts.plan()
        let row: Comment = "\(inline) \(own) \(broker) \(pool) \(operatorPolicy) \(tenantPolicy)"
        #expect(plan.steps.first?.origin == expected?.origin, row)
        #expect(plan.steps.first?.upstream == expected?.upstream, row)
        #expect(plan.steps.first?.markup == expected?.markup, row)

        let isInline = expected?.origin == .inline
        // A key of one's own is never mixed with others', nor the store's failure with an empty one.
        if isInline { #expect(plan.steps.count == 1 && plan.passedOver.isEmpty, row) }
        #expect(plan.passedOver.contains(.storeFailed) == (hasFailed && !isInline), row)
        let isNothingStored = own == .none && broker == .none
        #expect(plan.passedOver.contains(.nothingStored) == (isNothingStored && !isInline), row)
        // The pool is the last resort, with its reason, and only where both allow it.
        #expect(plan.steps.dropLast().allSatisfy { $0.origin != .pool }, row)
        #expect(plan.steps.contains { $0.origin == .pool } == (poolServes && !isInline), row)
        if hasFailed, let step = plan.steps.first, !isInline { #expect(step.passedOver == [.storeFailed], row) }
        if expected == nil { #expect(!plan.passedOver.isEmpty, row) }
    }

    @Test func whatMayNotOpenIsTriedBehindAllThatDoes() throws {
        var own = StoredKey(id: try RecordID(tenant: "acme", provider: "openai"), revision: 1)
        own.isUnknown = true
        let broker = StoredKey(id: try RecordID(tenant: "acme", provider: "openrouter"), revision: 2, order: .max)
        let plan = ResolutionFacts(
            provider: "openai", stored: .known([own, broker]), pool: .init(upstream: "openrouter", markup: 0.25),
            now: Self.now
        ).plan()
        #expect(
            plan.steps.map(\.origin) == [.vault(broker.id, revision: 2), .vault(own.id, revision: 1), .pool])
    }

    @Test func severalKeysAreTriedByOrderThenLabel() throws {
        let keys = try [("b", 0), ("late", 9), ("a", 0), ("off", 0), ("first", 0)].map { label, order in
            StoredKey(
                id: try RecordID(tenant: "acme", provider: "openai", label: label), revision: 1, order: UInt16(order),
                state: label == "off" ? .disabled(.requested, until: nil) : .enabled)
        }
        let broker = StoredKey(id: try RecordID(tenant: "acme", provider: "openrouter"), revision: 2)
        let plan = ResolutionFacts(
            provider: "openai", stored: .known([broker] + keys), pool: .init(upstream: "openrouter", markup: 0.25),
            now: Self.now
        ).plan()
        let labels = plan.steps.map { step in
            if case .vault(let id, _) = step.origin { "\(id.provider) \(id.label)" } else { "pool" }
        }
        #expect(labels == ["openai a", "openai b", "openai first", "openai late", "openrouter default", "pool"])
        #expect(plan.passedOver == [.disabled(keys[3].id, .requested, until: nil)])
    }

    @Test func aPoolServesItsOwnProviderAndABrokersEverybody() throws {
        func plan(_ provider: String, pool: String) -> ResolutionPlan {
            ResolutionFacts(
                provider: provider, stored: .known([]), pool: .init(upstream: pool, markup: 0.25), now: Self.now
            ).plan()
        }
        #expect(plan("openai", pool: "openai").steps.map(\.upstream) == ["openai"])
        #expect(plan("anthropic", pool: "openrouter").steps.map(\.upstream) == ["openrouter"])
        for other in ["anthropic", "openrouter"] {
            #expect(plan(other, pool: "openai").steps.isEmpty)
            #expect(plan(other, pool: "openai").passedOver == [.nothingStored, .poolOfAnotherProvider])
        }
    }

    @Test func openRoutersOwnModelsNeedItsKey() throws {
        let own = StoredKey(id: try RecordID(tenant: "acme", provider: "openai"), revision: 1)
        let plan = ResolutionFacts(provider: "openrouter", inline: ["openai"], stored: .known([own]), now: Self.now)
            .plan()
        #expect(plan.steps.isEmpty)
        #expect(plan.passedOver == [.nothingStored, .noPool])
    }
}
