import ArgumentParser
import Foundation
import KeyVault

/// `keyvault reminders`
struct RemindersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reminders", abstract: "List keys that are due for replacement, expire soon or have expired.")

    @Argument(help: ArgumentHelp("Only this tenant's.", valueName: "TENANT"))
    var tenant: String?

    @Option(
        name: .customLong("older-than"),
        help: ArgumentHelp(
            "From what age on a key is due: days, or such as 90d or 12w. Default: 90.", valueName: "DAYS"),
        transform: DurationArgument.days)
    var days = 90

    @Flag(help: "Print a JSON array.")
    var json = false

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        try await options.withVault { vault in
            var reminders: [Reminder] = []
            var cursor: RecordID?
            repeat {
                let page = try await vault.reminders(tenant: tenant, olderThanDays: days, after: cursor)
                reminders += page.reminders
                cursor = page.next
            } while cursor != nil
            if json {
                try options.console.result(json: reminders.map(ReminderDocument.init))
            } else if reminders.isEmpty {
                try options.console.say("No key is due for replacement.")
            } else {
                var table = Table("KEY", "REASON")
                let rows = reminders.map { ["\($0.id)", $0.reason.text] }
                try StandardStream.output.write(table.lines(rows, style: options.console.style) { $1 })
            }
        }
    }
}

extension Reminder.Reason {
    fileprivate var text: String {
        switch self {
        case .old(let days): "not replaced for \(days) days"
        case .expiresSoon(let date): "expires at \(date.inUTC)"
        case .expired(let date): "expired at \(date.inUTC)"
        }
    }
}

/// What `reminders --json` prints of a key.
private struct ReminderDocument: Encodable {
    private let reminder: Reminder

    init(_ reminder: Reminder) { self.reminder = reminder }

    private enum Member: String, CodingKey {
        case tenant, provider, label, reason, days, expires
    }

    func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Member.self)
        try object.encode(reminder.id.tenant, forKey: .tenant)
        try object.encode(reminder.id.provider, forKey: .provider)
        try object.encode(reminder.id.label, forKey: .label)
        switch reminder.reason {
        case .old(let days):
            try object.encode("old", forKey: .reason)
            try object.encode(days, forKey: .days)
        case .expiresSoon(let date):
            try object.encode("expiresSoon", forKey: .reason)
            try object.encode(date.inUTC, forKey: .expires)
        case .expired(let date):
            try object.encode("expired", forKey: .reason)
            try object.encode(date.inUTC, forKey: .expires)
        }
    }
}
