package import struct Foundation.Date

/// How SPEC.md section 1 writes a time: milliseconds since 1970 in UTC, 0 for none, up to the end of the year 9999.
package struct Timestamp {
    package static let maximum: UInt64 = 253_402_300_799_999

    package let milliseconds: UInt64

    /// Rounds to the millisecond; a time outside of the range becomes the nearest one inside, and no number the first one:
    /// an expiry that makes no sense lies in the past.
    package init(_ date: Date?) {
        guard let date else {
            milliseconds = 0
            return
        }
        let exact = (date.timeIntervalSince1970 * 1000).rounded()
        milliseconds = exact > 1 ? (exact < Double(Self.maximum) ? UInt64(exact) : Self.maximum) : 1
    }

    package init(milliseconds: UInt64) throws(FormatError) {
        guard milliseconds <= Self.maximum else {
            throw FormatError(.invalidField, "A time lies beyond the year 9999.", section: "1")
        }
        self.milliseconds = milliseconds
    }

    package var date: Date? {
        milliseconds == 0 ? nil : Date(timeIntervalSince1970: Double(milliseconds) / 1000)
    }
}

extension Date {
    /// The same time to the millisecond, as it comes back from a sealed record.
    package var roundedToMilliseconds: Date { Timestamp(self).date ?? self }
}
