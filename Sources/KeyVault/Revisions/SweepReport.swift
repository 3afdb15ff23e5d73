/// What a sweep removed.
public struct SweepReport: Hashable, Sendable {
    /// Keys and tokens that had expired.
    public internal(set) var expired = 0
    /// Earlier revisions whose time had ended.
    public internal(set) var revisions = 0
}
