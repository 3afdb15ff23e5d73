import ArgumentParser

extension Option where Value == Duration? {
    /// A length of time: a whole number and `s`, `m`, `h`, `d` or `w`.
    init(name: NameSpecification, help: ArgumentHelp) {
        var help = help
        help.valueName = "DURATION"
        self.init(name: name, help: help) { text in
            let seconds: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800]
            // A hundred years are long enough, and keep the sum from overflowing.
            guard let unit = text.last.flatMap({ seconds[$0] }), let count = Int(text.dropLast()),
                (0...100 * 366 * 86_400 / unit).contains(count)
            else { throw ValidationError("Write a number and a unit, such as 90s, 30m, 12h, 7d or 2w.") }
            return .seconds(count * unit)
        }
    }
}
