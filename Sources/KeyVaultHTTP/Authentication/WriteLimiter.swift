import Synchronization

/// Bounds how often each account writes: a write makes the service call a provider.
///
/// A bucket of tokens for each account, which refills steadily. Accounts whose bucket is full again are forgotten.
final class WriteLimiter: Sendable {
    /// How many accounts are remembered at most.
    static let capacity = 100_000

    private struct Bucket {
        var tokens: Double
        var filled: ContinuousClock.Instant
    }

    private let perMinute: Double
    private let buckets = Mutex<[String: Bucket]>([:])

    /// - Parameter perMinute: 0 for no limit.
    init(perMinute: Int) { self.perMinute = Double(perMinute) }

    /// Takes one write of `account`.
    ///
    /// - Returns: `nil`, or after how many seconds it is worth trying again.
    func take(_ account: String, now: ContinuousClock.Instant = .now) -> Int? {
        guard perMinute > 0 else { return nil }
        return buckets.withLock { buckets in
            var bucket = buckets[account] ?? Bucket(tokens: perMinute, filled: now)
            bucket.tokens = tokens(in: bucket, at: now)
            bucket.filled = now
            let wait = bucket.tokens >= 1 ? nil : Int(((1 - bucket.tokens) * 60 / perMinute).rounded(.up))
            if wait == nil { bucket.tokens -= 1 }
            if buckets.count >= Self.capacity, buckets[account] == nil {
                buckets = buckets.filter { tokens(in: $0.value, at: now) < perMinute }
                // All of them busy: better to lose count of one than memory without a bound.
                if buckets.count >= Self.capacity, let victim = buckets.keys.first { buckets[victim] = nil }
            }
            buckets[account] = bucket
            return wait
        }
    }

    private func tokens(in bucket: Bucket, at now: ContinuousClock.Instant) -> Double {
        let passed = (now - bucket.filled) / .seconds(60)
        return min(perMinute, bucket.tokens + max(0, passed) * perMinute)
    }
}
