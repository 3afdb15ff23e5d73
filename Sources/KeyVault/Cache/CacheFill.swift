/// What a read of the store gave to the cache.
package enum CacheFill: ~Copyable, Sendable {
    /// There is no such record.
    case absent
    /// The record's secret. It must not be served for longer than `lifetime`, however long the cache would keep it.
    case secret(SecretLease, lifetime: Duration? = nil)
}

/// What the cache knows about a record.
package enum CachedSecret: ~Copyable, Sendable {
    /// There is no such record.
    case absent
    /// Its secret, in guarded memory.
    case secret(SecretLease)
}
