import HTTPTypes
import Hummingbird
import NIOCore

extension Response {
    /// An answer that nobody stores on the way.
    static func json(
        _ status: HTTPResponse.Status, _ body: [UInt8], requestID: String, headers: HTTPFields = [:]
    ) -> Response {
        var headers = headers
        headers[.contentType] = "application/json"
        headers[.cacheControl] = "no-store"
        headers[.requestID] = requestID
        headers[.xContentTypeOptions] = "nosniff"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }

    /// The answer to a change that has no more to say than that it was made.
    static func done(_ message: String, requestID: String) -> Response {
        let body = JSONWriter.object { json in
            json.member("success", true)
            json.member("message", message)
        }
        return .json(.ok, body, requestID: requestID)
    }
}
