import Foundation
import HTTPTypes

/// What the service answered.
struct HTTPReply {
    let status: Int
    let headers: HTTPFields
    let body: [UInt8]

    var isSuccess: Bool { (200..<300).contains(status) }
    var requestID: String? { headers[Self.requestIDName] }

    private static let requestIDName = HTTPField.Name("X-Request-ID") ?? .cookie

    /// All of it as text, but for the number that every request is given.
    var text: String {
        let fields = headers.map { "\($0.name.rawName): \($0.value)" }.sorted().joined(separator: "\n")
        let whole = "\(status)\n\(fields)\n\n\(String(decoding: body, as: UTF8.self))"
        return requestID.map { whole.replacing($0, with: "REQUEST") } ?? whole
    }

    /// The members of the answer, where it is a JSON object.
    var members: [String: Any]? { Self.members(of: body) }

    static func members(of text: [UInt8]) -> [String: Any]? {
        // With a zero Foundation takes it for UTF-16.
        guard !text.contains(0) else { return nil }
        return try? JSONSerialization.jsonObject(with: Data(text)) as? [String: Any]
    }
}
