import HTTPTypes
import NIOCore

/// A request, and what the provider answers where it comes to asking one.
///
/// An input is the request as text (method and path, headers a line each, an empty line, the body), then the answer (status,
/// headers, an empty line) and the parts in which its body arrives, each behind a byte 0x1E. `@KEY@` and `@TOKEN@` stand for
/// what only the target knows.
struct HTTPInput {
    static let separator: UInt8 = 0x1E

    let method: HTTPRequest.Method
    let path: String
    let headers: HTTPFields
    let body: [UInt8]
    let answer: Answer

    struct Answer: Sendable {
        var status = 200
        var headers: HTTPFields = [:]
        var parts: [[UInt8]] = []

        var body: [UInt8] { Array(parts.joined()) }
    }

    init?(_ input: [UInt8], token: String) {
        let text = input.replacing(Array("@KEY@".utf8), with: Array(Self.key.utf8))
            .replacing(Array("@TOKEN@".utf8), with: Array(token.utf8))
        let parts = text.split(separator: Self.separator, omittingEmptySubsequences: false)
        guard let request = Head(parts[0]) else { return nil }
        let words = request.first.split(separator: " ", maxSplits: 1)
        // What the server's parser of requests lets through.
        guard words.count == 2, let method = HTTPRequest.Method(String(words[0])),
            words[1].utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F })
        else { return nil }
        self.method = method
        path = String(words[1])
        headers = request.headers
        body = request.rest
        guard parts.count > 1, let head = Head(parts[1]) else {
            answer = Answer()
            return
        }
        // What comes before an answer is no answer.
        let status = min(max(Int(head.first) ?? 200, 200), 599)
        answer = Answer(
            status: status, headers: head.headers, parts: ([head.rest] + parts.dropFirst(2).map { Array($0) }))
    }

    /// A key of OpenAI's shape, no part of which stands in anything that the service says by itself.
    static let key = "sk-proj-" + secretPart
    static let secretPart = "Zq7Xv2Kw9Jt4Rb6Yn3Hm8Lc5Pf1Gd0sZq2Xv7Kw4Jt9Rb3Yn6"
}

/// A first line, headers, and what comes behind the empty line.
private struct Head {
    let first: String
    var headers: HTTPFields = [:]
    let rest: [UInt8]

    init?(_ text: some Collection<UInt8>) {
        var rest = Array(text)[...]
        guard let first = Self.line(&rest) else { return nil }
        self.first = first
        while let line = Self.line(&rest), !line.isEmpty {
            let pair = line.split(separator: ":", maxSplits: 1)
            guard pair.count == 2, let name = HTTPField.Name(String(pair[0])) else { continue }
            let value = String(pair[1].drop { $0 == " " })
            // Frames are for the server's parser and for the stub.
            guard HTTPField.isValidValue(value), !Self.frames.contains(name) else { continue }
            headers.append(HTTPField(name: name, value: value))
        }
        self.rest = Array(rest)
    }

    private static let frames = Set(
        ["Content-Length", "Transfer-Encoding", "Connection", "Content-Encoding"].compactMap { HTTPField.Name($0) })

    private static func line(_ rest: inout ArraySlice<UInt8>) -> String? {
        guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        defer { rest = rest[(end + 1)...] }
        return String(decoding: rest[..<end], as: UTF8.self)
    }
}
