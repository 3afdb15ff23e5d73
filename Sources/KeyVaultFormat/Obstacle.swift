public import struct Foundation.Date

/// Why a key that is stored is not served.
public enum Obstacle: Hashable, Sendable {
    /// Its time has ended, at that moment.
    case expired(Date)
    /// It is disabled; until a time, or until somebody enables it.
    case disabled(DisabledReason, until: Date?)

    /// `nil` where a key of this state is served at `now`.
    package init?(_ state: RecordState, expires: Date?, at now: Date) {
        if let expires, expires <= now {
            self = .expired(expires)
            return
        }
        guard case .disabled(let reason, let until) = state else { return nil }
        if let until, until <= now { return nil }
        self = .disabled(reason, until: until)
    }
}

extension Metadata {
    /// Why the key is not served at `now`; `nil` where it is.
    public func obstacle(at now: Date) -> Obstacle? { Obstacle(state, expires: expires, at: now) }
}
