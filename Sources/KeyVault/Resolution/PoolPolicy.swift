/// Whether a request may be served by the shared pool's key, for which somebody pays a markup.
///
/// The operator and the tenant each have one; the pool serves only where both allow it.
public enum PoolPolicy: String, Hashable, Sendable, CaseIterable, Codable {
    case allow
    case deny
}
