import KeyVault

import struct Foundation.Date

extension [PassedOver] {
    /// After how many seconds the first of the keys that rest is used again; `nil` where none rests.
    func secondsOfPause(at now: Date) -> Int? {
        let ends = compactMap { reason in
            if case .disabled(_, .coolingDown, let until) = reason { until } else { nil }
        }
        guard let end = ends.min() else { return nil }
        return end > now ? Int(end.timeIntervalSince(now).rounded(.up)) : 0
    }
}
