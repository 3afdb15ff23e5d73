import ArgumentParser
import Foundation

extension Option where Value == Date? {
    /// A point in time: `2027-01-31` (its beginning, in UTC) or `2027-01-31T12:00:00Z`.
    init(name: NameSpecification = .long, help: ArgumentHelp) {
        var help = help
        help.valueName = "DATE"
        self.init(name: name, help: help) { text in
            let full = text.utf8.count == 10 ? text + "T00:00:00Z" : text
            // Read back: a parser that takes February 30 for March 2 would have a key expire on another day than was typed.
            guard let date = try? Date(full, strategy: .iso8601), date.formatted(.iso8601) == full,
                date.timeIntervalSince1970 > 0
            else { throw ValidationError("Write a date such as 2027-01-31 or 2027-01-31T12:00:00Z.") }
            return date
        }
    }
}
