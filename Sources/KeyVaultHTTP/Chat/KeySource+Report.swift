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

    /// As a member of the answer; an answer that is no JSON object stays as it is.
    func added(to body: ByteBuffer, object: String) -> ByteBuffer {
        let bytes = body.readableBytesUInt8Span
        var start = 0
        while start < bytes.count, Self.isSpace(bytes[start]) { start += 1 }
        guard start < bytes.count, bytes[start] == UInt8(ascii: "{") else { return body }
        var end = bytes.count - 1
        while end >= 0, Self.isSpace(bytes[end]) { end -= 1 }
        guard end > start, bytes[end] == UInt8(ascii: "}") else { return body }
        var last = end - 1
        while last >= 0, Self.isSpace(bytes[last]) { last -= 1 }
        let member = JSONWriter.object { $0.member(object, object: write) }
        var copy = ByteBuffer()
        copy.reserveCapacity(bytes.count + member.count)
        copy.writeImmutableBuffer(body.getSlice(at: body.readerIndex, length: last + 1) ?? ByteBuffer())
        if bytes[last] != UInt8(ascii: "{") { copy.writeString(",") }
        copy.writeBytes(member.dropFirst())
        return copy
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
