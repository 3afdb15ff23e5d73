import Foundation

/// Another process that uses a store.
final class Probe {
    private let process = Process()
    private let output = Pipe()

    init(_ arguments: String..., as user: [String] = []) throws {
        let program = Bundle.main.bundleURL.appending(path: "KeyVaultSQLiteProbe").path
        process.executableURL = URL(filePath: user.first ?? program)
        process.arguments = user.dropFirst() + (user.isEmpty ? [] : [program]) + arguments
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

    /// Everything that it prints until it ends.
    func lines() -> [Substring] {
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return text.split(separator: "\n")
    }

    func kill() { Foundation.kill(process.processIdentifier, SIGKILL) }
}
