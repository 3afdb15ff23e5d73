/// Asks a provider whether a key is live.
///
/// What an implementation owes:
///
/// - One free, read-only request at most per call, but for one retry when the connection failed.
/// - `invalid` only where the provider has said so, or no header could carry the key; whatever else goes wrong is
///   `unreachable`, `rateLimited` or `unsupported`.
/// - An end: the call returns within a bounded time, cancelled or not, and never throws.
/// - Silence: neither the key nor any part of an answer in a reason, a log line or an error.
public protocol ProviderValidator: Sendable {
    /// Checks `secret`, which is borrowed for the duration of the call.
    func validate(_ secret: RawSpan, of provider: Provider) async -> Validation
}
