/// Colours, where they are wanted: on a terminal, unless `NO_COLOR` (no-color.org), `TERM=dumb` or `--no-color` says no.
struct Style {
    private let isOn: Bool

    init(for stream: StandardStream, isRefused: Bool) {
        isOn = !isRefused && stream.isTerminal && Environment["NO_COLOR"] == nil && Environment["TERM"] != "dumb"
    }

    func red(_ text: String) -> String { paint(text, "31;1") }
    func yellow(_ text: String) -> String { paint(text, "33") }
    func bold(_ text: String) -> String { paint(text, "1") }

    private func paint(_ text: String, _ code: String) -> String { isOn ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }
}
