public import struct Foundation.Date

/// Whether a key is served.
public enum RecordState: Hashable, Sendable {
    case enabled
    /// Kept, not served; until a time, or until somebody enables it.
    case disabled(DisabledReason, until: Date?)
}
