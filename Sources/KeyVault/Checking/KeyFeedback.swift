/// What came of using a key.
public enum KeyFeedback: Hashable, Sendable {
    /// The provider refused it (401).
    case rejected
    /// The provider asked for a pause (429), and perhaps said for how long.
    case rateLimited(retryAfter: Duration?)
}
