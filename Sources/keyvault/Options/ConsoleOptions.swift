import ArgumentParser

/// What every command takes: how to speak.
struct ConsoleOptions: ParsableArguments {
    @Flag(help: "Print results and errors only.")
    var quiet = false

    @Flag(name: .customLong("no-color"), help: "Print without colours; as does the environment variable NO_COLOR.")
    var noColor = false

    var console: Console { Console(isQuiet: quiet, isColourRefused: noColor) }
}
