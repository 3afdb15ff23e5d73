public import struct Foundation.Date

/// Whether a key is to be served.
public enum RecordState: Hashable, Sendable {
    /// Served, as long as it has not expired.
    case enabled
    /// Kept, not served; until a time, or until somebody enables it.
    case disabled(DisabledReason, until: Date?)
}
