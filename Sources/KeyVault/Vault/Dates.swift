import Foundation

extension Date {
    /// In UTC, as messages show it: `2026-11-23T18:00:00Z`.
    package var iso8601: String { formatted(.iso8601) }
}

extension Duration {
    /// That many seconds, as far as there are any: none for what is no number, and 272 years at most either way.
    init(clamping seconds: TimeInterval) {
        self = seconds.isNaN ? .zero : .seconds(min(max(seconds, -0x1p33), 0x1p33))
    }

    /// The length in seconds.
    package var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
