/// Of which key something is to be noted.
enum MarkedKey: Sendable {
    /// Of whatever is stored.
    case any
    /// Of one that nothing was noted of since: a mark is a new revision, too.
    case revision(UInt64)
    /// Of this one, whatever else was noted of it since.
    case secret(Secret)
}
