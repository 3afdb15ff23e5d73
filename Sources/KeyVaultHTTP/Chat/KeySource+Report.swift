import HTTPTypes
import NIOCore

extension KeySource {
    /// As headers, for clients that do not read bodies.
    var headers: HTTPFields {
        var fields: HTTPFields = [.keySource: source, .keyOrigin: origin]
        if let markup { fields[.markupApplied] = "\(markup)" }
        return fields
    }

    /// As the last event of a stream: a chunk without choices, which clients that do not know it read over.
    func event(object: String, id: String) -> [UInt8] {
        JSONWriter.object { json in
            json.member("id", id)
            json.member("object", "chat.completion.chunk")
            json.member("choices", strings: [])
            json.member(object, object: write)
        }
    }

    /// As a member of the answer, in the place of one that has its name; an answer that is no JSON object stays as it is.
    func added(to body: ByteBuffer, object name: String) -> ByteBuffer {
        guard let answer = try? JSONObject(body.readableBytesUInt8Span) else { return body }
        if let member = answer[name] { return body.replacing(member.value, with: JSONWriter.object(write)) }
        let alone = JSONWriter.object { $0.member(name, object: write) }
        guard let end = answer.members.last?.value.upperBound else { return ByteBuffer(bytes: alone) }
        return body.replacing(end..<end, with: [UInt8(ascii: ",")] + alone.dropFirst().dropLast())
    }
}
