import ArgumentParser
import Foundation

extension Option where Value == Date? {
    /// A point in time: `2027-01-31` (its beginning, in UTC) or `2027-01-31T12:00:00Z`.
    init(name: NameSpecification = .long, help: ArgumentHelp) {
        var help = help
        help.valueName = "DATE"
        self.init(name: name, help: help) { text in
            for date in [text, text + "T00:00:00Z"] {
                if let date = try? Date(date, strategy: .iso8601) { return date }
            }
            throw ValidationError("Write a date such as 2027-01-31 or 2027-01-31T12:00:00Z.")
        }
    }
}
