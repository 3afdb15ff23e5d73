/// How a command speaks: results and messages on standard output, progress on standard error.
struct Console {
    let isQuiet: Bool
    let style: Style
    private let isOnTerminal = StandardStream.error.isTerminal

    /// Whether somebody sees how far things are.
    var showsProgress: Bool { !isQuiet && isOnTerminal }

    init(isQuiet: Bool, isColourRefused: Bool) {
        self.isQuiet = isQuiet
        style = Style(for: .output, isRefused: isColourRefused)
    }

    /// Prints what was asked for, for people.
    func result(_ text: String) throws(Failure) { try StandardStream.output.write(text.visible + "\n") }

    /// Prints what was asked for, for programs: every name as it is.
    func result(json value: some Encodable) throws { try StandardStream.output.write(JSON.text(value) + "\n") }

    /// Prints what was done; nothing with `--quiet`.
    func say(_ text: String) throws(Failure) {
        if isQuiet { return }
        do { try result(text.onOneLine) } catch {
            throw Failure(
                error.status, error.message, hint: "\(error.hint) The command was carried out up to here all the same.")
        }
    }

    /// Says what somebody should know of what was done all the same.
    func warn(_ text: String) {
        // A warning that cannot be shown stops nothing.
        if !isQuiet { try? StandardStream.error.write("keyvault: warning: \(text.onOneLine)\n") }
    }

    /// Says how far things are, in one line that is overwritten; on a terminal only.
    func progress(_ text: String) {
        guard showsProgress else { return }
        // Progress that cannot be shown stops nothing.
        try? StandardStream.error.write("\r\u{1B}[K\(text.onOneLine)")
    }

    /// Says what is done and safe: on a terminal as progress, elsewhere in a line of its own, so that a log or another
    /// program knows where to go on.
    func milestone(_ text: String) {
        guard !isQuiet, !isOnTerminal else { return progress(text) }
        try? StandardStream.error.write(text.onOneLine + "\n")
    }

    /// Ends the line of progress, before anything else is printed.
    func endProgress() {
        guard showsProgress else { return }
        try? StandardStream.error.write("\r\u{1B}[K")
    }
}
