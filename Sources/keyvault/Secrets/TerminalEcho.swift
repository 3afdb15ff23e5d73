import Glibc

/// Switches the echo of the terminal off while a secret is typed, and on again however that ends.
enum TerminalEcho {
    /// The terminal, and how it was. Written before the handlers are set, read by them only.
    nonisolated(unsafe) private static var terminal: Int32 = 0
    nonisolated(unsafe) private static var saved = termios()

    /// Signals that end the program while it waits for a person.
    private static let endings = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE]

    static func withoutEcho(on input: Int32, _ body: () throws -> Void) throws {
        unsafe terminal = input
        // `saved` is room for what is filled in; no handler that reads it is set yet.
        guard unsafe tcgetattr(input, &saved) == 0 else { throw failure }
        var silent = unsafe saved
        silent.c_lflag &= ~tcflag_t(ECHO)
        // What was ignored, as under `nohup`, is to be ignored again: also by a command that takes this program's place.
        var before: [(signal: Int32, action: __sighandler_t?)] = []
        for ending in endings {
            let action = signal(ending) { number in
                // Both calls may be made from a handler; `saved` does not change while it is set.
                unsafe tcsetattr(TerminalEcho.terminal, TCSAFLUSH, &TerminalEcho.saved)
                signal(number, SIG_DFL)
                raise(number)
            }
            before.append((ending, action))
        }
        // A stopped program would leave the shell without an echo.
        before.append((SIGTSTP, signal(SIGTSTP, SIG_IGN)))
        defer {
            unsafe tcsetattr(input, TCSAFLUSH, &saved)
            for (ending, action) in before { signal(ending, action) }
        }
        guard unsafe tcsetattr(input, TCSAFLUSH, &silent) == 0 else { throw failure }
        try body()
    }

    private static var failure: Failure {
        Failure(.refused, "The terminal's echo cannot be switched off.", hint: "Pipe the secret in instead.")
    }
}
