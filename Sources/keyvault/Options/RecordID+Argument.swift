import ArgumentParser
import KeyVault

extension Argument where Value == RecordID {
    /// The argument `REF`.
    init(help: ArgumentHelp) {
        var help = help
        help.valueName = "REF"
        self.init(help: help) { text in
            do throws(FormatError) { return try RecordID(text) } catch { throw ValidationError(error.message) }
        }
    }
}
