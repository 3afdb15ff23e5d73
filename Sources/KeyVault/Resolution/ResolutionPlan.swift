import KeyVaultFormat

/// The keys that may serve a request, the best first, and why others may not.
package struct ResolutionPlan: Hashable, Sendable {
    /// The first is tried. Where its key cannot be read, the facts are noted and a new plan is made.
    package var steps: [Resolution] = []
    /// Every source that gave no step.
    package var passedOver: [PassedOver] = []
}

extension ResolutionFacts {
    /// Inline keys before stored ones before the pool; at each level a key of the model's own provider before one of the
    /// broker (OpenRouter), which serves everybody's models.
    package func plan() -> ResolutionPlan {
        // Whoever brings a key wants this one used and no other paid for.
        if let upstream = upstreams.first(where: inline.contains) {
            return ResolutionPlan(steps: [Resolution(origin: .inline, upstream: upstream)])
        }
        var plan = ResolutionPlan()
        addStored(to: &plan)
        addPool(to: &plan)
        return plan
    }

    /// Whether the request brought a key that serves it: then nothing else need be known.
    package var isServedInline: Bool { upstreams.contains(where: inline.contains) }

    /// Whose keys can serve the request, the better first.
    package var upstreams: [String] {
        provider == ProviderRegistry.broker ? [provider] : [provider, ProviderRegistry.broker]
    }

    private func addStored(to plan: inout ResolutionPlan) {
        let keys: [StoredKey]
        switch stored {
        case .known(let all): keys = all
        case .named(let some):
            plan.passedOver.append(.storeFailed)
            keys = some
        case .failed:
            plan.passedOver.append(.storeFailed)
            return
        }
        // What is not known to open comes behind all that is, of whatever provider.
        for isUnknown in [false, true] {
            for upstream in upstreams {
                // Labels decide between keys of one order, so that every process decides alike.
                let own = keys.filter { $0.id.provider == upstream && $0.isUnknown == isUnknown }
                for key in own.sorted(by: { ($0.order, $0.id) < ($1.order, $1.id) }) {
                    if let obstacle = key.obstacle(at: now) {
                        // That the store failed is said once, for however many keys.
                        if obstacle != .storeFailed || !plan.passedOver.contains(.storeFailed) {
                            plan.passedOver.append(obstacle)
                        }
                    } else {
                        plan.add(.vault(key.id, revision: key.revision), upstream: upstream)
                    }
                }
            }
        }
        if plan.steps.isEmpty, plan.passedOver.isEmpty { plan.passedOver.append(.nothingStored) }
    }

    private func addPool(to plan: inout ResolutionPlan) {
        switch (pool, operatorPolicy, tenantPolicy) {
        case (nil, _, _): plan.passedOver.append(.noPool)
        case (_, .deny, _): plan.passedOver.append(.poolDeniedByOperator)
        case (_, _, .deny): plan.passedOver.append(.poolDeniedByTenant)
        case (let pool?, .allow, .allow) where !upstreams.contains(pool.upstream):
            plan.passedOver.append(.poolOfAnotherProvider)
        case (let pool?, .allow, .allow): plan.add(.pool, upstream: pool.upstream, markup: pool.markup)
        }
    }
}

extension ResolutionPlan {
    fileprivate mutating func add(_ origin: Resolution.Origin, upstream: String, markup: Double? = nil) {
        steps.append(Resolution(origin: origin, upstream: upstream, markup: markup, passedOver: passedOver))
    }
}
