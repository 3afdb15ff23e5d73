import HTTPTypes
import Hummingbird
import NIOCore

extension Response {
    /// An answer that nobody stores on the way.
    static func json(
        _ status: HTTPResponse.Status = .ok, _ body: [UInt8], requestID: String, headers: HTTPFields = [:]
    ) -> Response {
        var headers = headers
        headers[.contentType] = "application/json"
        headers[.cacheControl] = "no-store"
        headers[.requestID] = requestID
        headers[.xContentTypeOptions] = "nosniff"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }
}
