import ArgumentParser
import KeyVault

extension Argument where Value == RecordID {
    /// The argument `REF`.
    init(help: ArgumentHelp) {
        self.init(help: help.namingReference, transform: RecordID.init(argument:))
    }
}

extension Argument where Value == RecordID? {
    /// The argument `REF`, which may be left out.
    init(help: ArgumentHelp) {
        self.init(help: help.namingReference, transform: RecordID.init(argument:))
    }
}

extension RecordID {
    fileprivate init(argument: String) throws {
        do throws(FormatError) { try self.init(argument) } catch { throw ValidationError(error.message) }
    }
}

extension ArgumentHelp {
    fileprivate var namingReference: ArgumentHelp {
        var help = self
        help.valueName = "REF"
        return help
    }
}
