import Foundation

/// Another process that uses a vault.
final class VaultProcess {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()

    convenience init(_ arguments: String...) throws { try self.init(arguments) }

    /// - Parameter launcher: a program, and its arguments, that starts the process: `prlimit`, for one.
    init(_ arguments: [String], by launcher: [String] = []) throws {
        let command = launcher + [Bundle.main.bundleURL.appending(path: "KeyVaultProbe").path] + arguments
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        process.standardInput = input
        process.standardOutput = output
        try process.run()
    }

    /// Waits for one more line of what it prints.
    func line() -> String {
        var line: [UInt8] = []
        while let byte = output.fileHandleForReading.readData(ofLength: 1).first, byte != UInt8(ascii: "\n") {
            line.append(byte)
        }
        return String(decoding: line, as: UTF8.self)
    }

    /// Tells it to end, and returns all that it printed.
    func finish() -> (lines: [Substring], status: Int32) {
        try? input.fileHandleForWriting.close()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (text.split(separator: "\n"), process.terminationStatus)
    }

    /// SIGKILL.
    func kill() {
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    var isRunning: Bool { process.isRunning }
}
