package import struct Foundation.Date

/// Everything that the choice of a key depends on. From it alone ``plan()`` decides, so that the whole rule is one table.
package struct ResolutionFacts: Sendable {
    /// What is known of the tenant's stored keys.
    package enum Stored: Sendable {
        /// All that could serve the request, in no order.
        case known([StoredKey])
        /// Bytes of the store are damaged, so that it gives no list; keys of these names may be there all the same, and sound.
        case named([StoredKey])
        /// The store failed: nothing is known, which is not the same as "none".
        case failed
    }

    /// The pool's key.
    package struct Pool: Hashable, Sendable {
        package var upstream: String
        package var markup: Double

        package init(upstream: String, markup: Double) {
            self.upstream = upstream
            self.markup = markup
        }
    }

    /// The name of the provider whose model is asked for.
    package var provider: String
    /// The names of the providers for which the request brought a key.
    package var inline: Set<String>
    package var stored: Stored
    package var pool: Pool?
    package var operatorPolicy: PoolPolicy
    package var tenantPolicy: PoolPolicy
    package var now: Date

    package init(
        provider: String, inline: Set<String> = [], stored: Stored = .known([]), pool: Pool? = nil,
        operatorPolicy: PoolPolicy = .allow, tenantPolicy: PoolPolicy = .allow, now: Date
    ) {
        self.provider = provider
        self.inline = inline
        self.stored = stored
        self.pool = pool
        self.operatorPolicy = operatorPolicy
        self.tenantPolicy = tenantPolicy
        self.now = now
    }
}
