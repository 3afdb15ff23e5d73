import ArgumentParser
import Foundation

extension Option where Value == Date? {
    /// A point in time to come: `2027-01-31` (its beginning, in UTC), `2027-01-31T12:00:00Z`, or with an offset such as `+01:00`.
    init(name: NameSpecification = .long, help: ArgumentHelp) {
        var help = help
        help.valueName = "DATE"
        self.init(name: name, help: help) { text in
            let full = text.utf8.count == 10 ? text + "T00:00:00Z" : text
            // Read back: a parser that takes February 30 for March 2 would have a key expire on another day than was typed.
            let asUTC = String(full.prefix(19)) + "Z"
            guard (try? Date(asUTC, strategy: .iso8601))?.formatted(.iso8601) == asUTC,
                full.dropFirst(19).wholeMatch(of: /Z|[+-]\d\d:?\d\d/) != nil,
                let date = try? Date(full, strategy: .iso8601)
            else { throw ValidationError("Write a date such as 2027-01-31 or 2027-01-31T12:00:00Z.") }
            // Most likely mistyped: what is stored with it would never be served.
            guard date > Date() else { throw ValidationError("It is past: write a date that is to come.") }
            return date
        }
    }
}
