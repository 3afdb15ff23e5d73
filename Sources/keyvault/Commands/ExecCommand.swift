import ArgumentParser
import Glibc
import KeyVault

/// `keyvault exec`
struct ExecCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec",
        abstract: "Run a command with keys in its environment, and nowhere else.",
        usage: "keyvault exec --env NAME=REF… -- COMMAND…",
        discussion: """
            The command takes the place of this program: its exit code and its signals are its own. As in a shell, 127 says \
            that there is no such command, and 126 that it cannot be run.
            """)

    @Option(
        name: .customLong("env"), parsing: .upToNextOption,
        help: ArgumentHelp("The variable that gets the key REF.", valueName: "NAME=REF"), transform: Assignment.init)
    var assignments: [Assignment]

    @Argument(parsing: .postTerminator, help: ArgumentHelp("The command and its arguments.", valueName: "COMMAND"))
    var command: [String]

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        guard !command.isEmpty else {
            throw Failure(.usage, "There is no command to run.", hint: "Name it behind '--'.")
        }
        try await options.withVault { vault in
            for assignment in assignments {
                try await vault.withSecret(assignment.id) { secret in try assignment.set(secret) }
            }
        }
        throw execute()
    }

    /// Becomes the command, which is looked up as a shell does. Returns only by failing.
    private func execute() -> Failure {
        // The command's arguments are the last ones of this process, which need not be UTF-8; the list of them ends in a null pointer.
        let arguments = unsafe CommandLine.unsafeArgv + (Int(CommandLine.argc) - command.count)
        SignalMask.restore()
        if let program = unsafe arguments[0] { _ = unsafe execvp(program, arguments) }
        let error = FileError(errno)
        return Failure(
            error == .notFound ? .noProgram : .notExecutable, "\(command[0]) cannot be run: \(error.reason).",
            hint: "Check the command behind '--'.")
    }
}

/// `NAME=REF`
struct Assignment {
    let name: String
    let id: RecordID

    init(_ text: String) throws {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, !parts[0].isEmpty, !parts[0].utf8.contains(0) else {
            throw ValidationError("Write NAME=REF, and '--' before the command.")
        }
        name = parts[0]
        do throws(FormatError) { id = try RecordID(parts[1]) } catch { throw ValidationError(error.message) }
    }

    /// Sets the variable for this process, which is about to become another program: that takes its memory away.
    func set(_ secret: borrowing RawSpan) throws {
        var value = try SecretBuffer(capacity: secret.byteCount + 1)
        for index in 0..<secret.byteCount {
            // Any byte of a span of raw memory is a `UInt8`.
            let byte = unsafe secret.unsafeLoad(fromByteOffset: index, as: UInt8.self)
            guard byte != 0, value.append(byte) else {
                throw Failure(
                    .refused, "The key \(id) holds a NUL byte, which no environment takes.",
                    hint: "Use 'keyvault reveal'.")
            }
        }
        // There is room for one byte more.
        _ = value.append(0)
        value.withSpan { bytes in
            unsafe bytes.withUnsafeBytes { buffer in
                // It ends in the NUL that was appended; the C library copies it.
                guard let text = unsafe buffer.baseAddress?.assumingMemoryBound(to: CChar.self) else { return }
                _ = unsafe setenv(name, text, 1)
            }
        }
    }
}
