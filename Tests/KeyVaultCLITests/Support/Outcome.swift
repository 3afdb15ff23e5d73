import Foundation
import Testing

/// How a run of the program ended, and what it wrote.
struct Outcome {
    let status: Int32
    let output: Data
    let errors: String

    var text: String { String(decoding: output, as: UTF8.self) }

    /// Standard output as JSON.
    func json<Value>(as type: Value.Type = Value.self, sourceLocation: SourceLocation = #_sourceLocation) throws
        -> Value
    {
        try #require(try JSONSerialization.jsonObject(with: output) as? Value, sourceLocation: sourceLocation)
    }

    /// Expects exit code 0 and nothing on standard error.
    func expectSuccess(sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(status == 0 && errors == "", "\(errors)", sourceLocation: sourceLocation)
    }

    /// Expects exactly the two lines of an error, with `message` in the first, and no output.
    func expectError(
        _ status: Int32, _ message: String, hint: String = "", sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(self.status == status, "\(errors)", sourceLocation: sourceLocation)
        #expect(output.isEmpty, sourceLocation: sourceLocation)
        expectErrorLines(message, hint: hint, sourceLocation: sourceLocation)
    }

    /// Expects exactly the two lines of an error on standard error.
    func expectErrorLines(
        _ message: String, hint: String = "", sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let lines = errors.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 3 && lines.last == "", "\(errors)", sourceLocation: sourceLocation)
        guard lines.count == 3 else { return }
        #expect(lines[0].hasPrefix("keyvault: error: "), sourceLocation: sourceLocation)
        #expect(message.isEmpty || lines[0].contains(message), "\(errors)", sourceLocation: sourceLocation)
        #expect(lines[1].hasPrefix("keyvault: hint: "), sourceLocation: sourceLocation)
        #expect(hint.isEmpty || lines[1].contains(hint), "\(errors)", sourceLocation: sourceLocation)
        #expect(lines[1].count > "keyvault: hint: ".count, sourceLocation: sourceLocation)
    }
}
