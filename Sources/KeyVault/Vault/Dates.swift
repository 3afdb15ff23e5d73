import Foundation

import struct Foundation.Date

extension Date {
    /// In UTC, as messages show it: `2026-11-23T18:00:00Z`.
    package var iso8601: String { formatted(.iso8601) }
}

extension Duration {
    /// The length in seconds.
    package var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
