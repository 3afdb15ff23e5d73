public import KeyVaultFormat

public import struct Foundation.Date

/// A key that somebody should look at.
public struct Reminder: Hashable, Sendable {
    /// Why.
    public enum Reason: Hashable, Sendable {
        /// It has not been replaced for so many days.
        case old(days: Int)
        case expiresSoon(Date)
        case expired(Date)
    }

    public let id: RecordID
    public let reason: Reason
}

/// A page of reminders.
public struct ReminderPage: Sendable {
    public let reminders: [Reminder]
    /// Where the next page begins; `nil` behind the last.
    public let next: RecordID?
}

extension Vault {
    /// Lists the keys that have not been replaced for a while, and those that expire soon or have expired.
    ///
    /// A page may hold fewer reminders than `limit`, or none, and still have a next one: it is a page of the keys looked at.
    ///
    /// - Parameters:
    ///   - days: the age from which on a key is due for replacement. Default: 90 days.
    ///   - soon: how many days ahead an expiry is announced. Default: 14 days.
    ///   - cursor: ``ReminderPage/next`` of the page before; `nil` for the first.
    public func reminders(
        tenant: String? = nil, olderThanDays days: Int = 90, expiringWithinDays soon: Int = 14,
        after cursor: RecordID? = nil, limit: Int = 1000
    ) async throws(VaultError) -> ReminderPage {
        let page = try await list(tenant: tenant, after: cursor, limit: limit)
        let now = time.date()
        let reminders = page.entries.compactMap { entry in
            entry.metadata?.reminder(at: now, days: days, soon: soon).map { Reminder(id: entry.id, reason: $0) }
        }
        return ReminderPage(reminders: reminders, next: page.next)
    }
}

extension Metadata {
    /// The most pressing reason; `nil` where there is none.
    fileprivate func reminder(at now: Date, days: Int, soon: Int) -> Reminder.Reason? {
        let day: Double = 24 * 60 * 60
        if let expires {
            if expires <= now { return .expired(expires) }
            if expires.timeIntervalSince(now) <= Double(soon) * day { return .expiresSoon(expires) }
        }
        let age = now.timeIntervalSince(updated) / day
        return age >= Double(days) ? .old(days: Int(min(age, 1_000_000))) : nil
    }
}
