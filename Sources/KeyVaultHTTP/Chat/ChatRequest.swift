import KeyVault
import NIOCore

/// A chat as the client sent it: passed on unread, but for the model's name.
struct ChatRequest {
    let target: ModelTarget
    private let body: ByteBuffer
    /// Where the model's name stands in the body, with its quotes.
    private let model: Range<Int>
    /// The model as the client names it.
    private let name: String

    init(_ body: ByteBuffer, _ providers: ProviderRegistry) throws(APIError) {
        let text = body.readableBytesUInt8Span
        let object = try JSONObject(ofRequest: text)
        guard let member = object["model"], member.kind == .string else {
            throw .invalidRequest("The request names no model", hint: "Add \"model\", such as gpt-4o.")
        }
        guard object["messages"]?.kind == .array else {
            throw .invalidRequest("The request holds no messages", hint: "Add \"messages\", an array.")
        }
        do {
            name = JSONString.text(text.extracting(member.inside))
            target = try providers.target(ofModel: name)
        } catch {
            throw .invalidRequest("The model is not known", hint: error.description)
        }
        self.body = body
        model = member.value
    }

    /// The body for an upstream, which may know the model under another name.
    func body(for upstream: String) -> ByteBuffer {
        let name = target.model(at: upstream)
        guard name != self.name else { return body }
        let object = JSONWriter.object { $0.member("m", name) }
        // What stands between `{"m":` and `}` is the name as JSON.
        return body.replacing(model, with: object[5..<(object.count - 1)])
    }
}
