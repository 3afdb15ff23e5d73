import ArgumentParser

extension Option where Value == Duration? {
    /// A length of time: a whole number and `s`, `m`, `h`, `d` or `w`.
    init(name: NameSpecification, help: ArgumentHelp) {
        var help = help
        help.valueName = "DURATION"
        self.init(name: name, help: help) { text in
            guard let seconds = DurationArgument.seconds(text) else {
                throw ValidationError("Write a number and a unit, such as 90s, 30m, 12h, 7d or 2w.")
            }
            return .seconds(seconds)
        }
    }
}

/// How lengths of time are written.
enum DurationArgument {
    static func seconds(_ text: String) -> Int? {
        let seconds: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800]
        // A hundred years are long enough, and keep the product from overflowing.
        guard let unit = text.last.flatMap({ seconds[$0] }), let count = Int(text.dropLast()),
            (0...100 * 366 * 86_400 / unit).contains(count)
        else { return nil }
        return count * unit
    }

    /// Whole days: a bare number, or a length of time that comes to so many.
    static func days(_ text: String) throws(ValidationError) -> Int {
        if let days = Int(text) { return days }
        guard let seconds = seconds(text), seconds.isMultiple(of: 86_400) else {
            throw ValidationError("Write whole days, such as 90, 90d or 12w.")
        }
        return seconds / 86_400
    }
}
