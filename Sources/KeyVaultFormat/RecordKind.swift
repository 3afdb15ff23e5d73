/// What a row holds: the key that is served, or an earlier one that is kept for a while.
///
/// The two are sealed under different contexts, so that a retained row can never be passed off as the current one.
package enum RecordKind: Sendable {
    case current
    case retained
}
