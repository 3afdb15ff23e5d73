import ArgumentParser

extension String {
    /// The path that an argument names.
    static func path(argument: String) throws -> String {
        guard !argument.isEmpty else { throw ValidationError("The path is empty.") }
        return argument
    }
}
