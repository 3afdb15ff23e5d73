import Foundation
import KeyVaultFormat
import Testing

/// A file of `Tests/Vectors` (SPEC.md section 11): computed anew by the tests, which compare it byte for byte.
struct VectorFile {
    let name: String

    /// Compares `lists` with what is committed, or writes them where `KEYVAULT_WRITE_VECTORS` is set.
    func check(_ description: String, _ lists: [(String, [VectorCase])]) throws {
        let text =
            JSON.object([("description", .text(description))] + lists.map { ($0.0, .list($0.1.map(\.json))) })
            .encoded + "\n"
        if ProcessInfo.processInfo.environment["KEYVAULT_WRITE_VECTORS"] == "1" {
            try Data(text.utf8).write(to: url)
        }
        let committed = try String(contentsOf: url, encoding: .utf8)
        // Not in the expectation itself, which would print both files.
        let isSame = Array(committed.utf8) == Array(text.utf8)
        #expect(isSame, "\(name) is not what the code computes")
    }

    private var url: URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Vectors/\(name)")
    }
}

/// One case: its fields in the order of the specification.
struct VectorCase {
    var fields: [(String, JSON)]

    init(_ name: String, _ fields: [(String, JSON)]) { self.fields = [("name", .text(name))] + fields }

    var json: JSON { .object(fields) }
}

/// JSON whose objects keep the order of their members: the steps of a derivation are read from top to bottom.
indirect enum JSON {
    case text(String)
    case number(UInt64)
    case bool(Bool)
    case list([JSON])
    case object([(String, JSON)])

    static func bytes(_ bytes: some Sequence<UInt8>) -> JSON { .text(bytes.hexadecimal) }

    var encoded: String { encoded(indent: "") }

    private func encoded(indent: String) -> String {
        let inner = indent + "  "
        switch self {
        case .text(let text): return Self.quoted(text)
        case .number(let number): return "\(number)"
        case .bool(let bool): return bool ? "true" : "false"
        case .list(let items) where items.isEmpty: return "[]"
        case .list(let items):
            return "[\n" + items.map { inner + $0.encoded(indent: inner) }.joined(separator: ",\n") + "\n\(indent)]"
        case .object(let members):
            let lines = members.map { "\(inner)\(Self.quoted($0.0)): \($0.1.encoded(indent: inner))" }
            return "{\n" + lines.joined(separator: ",\n") + "\n\(indent)}"
        }
    }

    /// Everything but printable ASCII is escaped, so that no editor normalises it.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for unit in text.utf16 {
            if (0x20...0x7E).contains(unit), unit != 0x22, unit != 0x5C, let scalar = Unicode.Scalar(unit) {
                quoted.unicodeScalars.append(scalar)
            } else {
                let digits = String(unit, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return quoted + "\""
    }
}
