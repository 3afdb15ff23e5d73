import KeyVault

/// What a check found, before it is dated.
struct Findings {
    var verdict: Verdict
    var reason: String
    /// In seconds, where the provider said how long it wants to be left alone.
    var retryAfter: Double?

    init(_ verdict: Verdict, _ reason: String, retryAfter: Double? = nil) {
        self.verdict = verdict
        self.reason = reason
        self.retryAfter = retryAfter
    }
}
