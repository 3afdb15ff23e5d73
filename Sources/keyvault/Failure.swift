/// How the program ends: part of its interface.
enum ExitStatus: Int32 {
    case other = 1
    /// A key, a vault, or the directory that one was to be made in.
    case notFound = 3
    case rejected = 4
    case inconclusive = 5
    /// The wrong master key, or none.
    case masterKey = 6
    /// Something is damaged.
    case integrity = 7
    /// The record is not at the revision that was expected.
    case conflict = 8
    /// A terminal, empty input.
    case refused = 9
    /// Expired or disabled.
    case notServed = 10
    case usage = 64
    /// The command of `exec` is there and cannot be run; the shell's number.
    case notExecutable = 126
    /// There is no such command to `exec`; the shell's number.
    case noProgram = 127
}

/// Why a command failed, as it is shown: what happened, and what to do.
struct Failure: Error {
    let status: ExitStatus
    let message: String
    let hint: String

    init(_ status: ExitStatus, _ message: String, hint: String) {
        self.status = status
        self.message = message
        self.hint = hint
    }

    /// The same, of a line of input.
    func at(line: Int) -> Failure { Failure(status, "Line \(line): \(message)", hint: hint) }
}
