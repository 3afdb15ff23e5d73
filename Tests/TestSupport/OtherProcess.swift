import Foundation

/// A program that was built with the tests, as another process. What it waits for is the end of its input.
package final class OtherProcess {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()

    /// - Parameter launcher: a program, and its arguments, that starts it: `prlimit`, for one.
    package init(_ program: String, _ arguments: [String], by launcher: [String] = []) throws {
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = launcher + [Bundle.main.bundleURL.appending(path: program).path] + arguments
        process.standardInput = input
        process.standardOutput = output
        try process.run()
    }

    package var isRunning: Bool { process.isRunning }

    /// Waits for one more line of what it prints.
    package func line() -> String {
        var line: [UInt8] = []
        while let byte = output.fileHandleForReading.readData(ofLength: 1).first, byte != UInt8(ascii: "\n") {
            line.append(byte)
        }
        return String(decoding: line, as: UTF8.self)
    }

    /// Tells it to end, and returns all that it printed.
    package func finish() -> (lines: [Substring], status: Int32) {
        try? input.fileHandleForWriting.close()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (text.split(separator: "\n"), process.terminationStatus)
    }

    /// SIGKILL.
    package func kill() {
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}
