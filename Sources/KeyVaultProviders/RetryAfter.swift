package import Foundation

/// What a provider's `Retry-After` says, in seconds or as a date.
package struct RetryAfter {
    /// No provider gets to switch a key off for longer than this by one answer.
    private static let longest: Double = 24 * 60 * 60

    package let seconds: Double

    /// `nil` for what is neither.
    package init?(_ text: String, now: Date = Date()) {
        let text = text.trimmingCharacters(in: .whitespaces)
        let wish = Double(text) ?? Self.date(text)?.timeIntervalSince(now)
        guard let wish, wish.isFinite else { return nil }
        seconds = min(max(wish, 0), Self.longest)
    }

    /// An HTTP date in the form that senders must use: `Mon, 23 Nov 2026 18:00:00 GMT`.
    private static func date(_ text: String) -> Date? {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
        return formatter.date(from: text)
    }
}
