import AsyncHTTPClient
import KeyVault
import NIOCore
import NIOHTTP1

/// One call to a provider, with the key that it is made with.
struct UpstreamCall: Sendable {
    let url: String
    /// Not printable by accident: nothing prints a call.
    let key: String
    let body: ByteBuffer
    let resolution: Resolution
    let source: KeySource

    init(url: String, key: String, body: ByteBuffer, resolution: Resolution) {
        self.url = url
        self.key = key
        self.body = body
        self.resolution = resolution
        source = KeySource(resolution)
    }

    func request(accept: String?) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers = [
            "Authorization": "Bearer \(key)", "Content-Type": "application/json",
            "Accept": accept ?? "application/json, text/event-stream", "User-Agent": "KeyVault",
            // Nothing here reads a compressed answer, and without this header any coding may come (RFC 9110, section 12.5.3).
            "Accept-Encoding": "identity",
        ]
        request.body = .bytes(body)
        return request
    }
}

extension String {
    /// Whether it is printable ASCII without spaces, as every key is.
    var isOneWord: Bool {
        let bytes = utf8.span
        for index in bytes.indices where !(0x21...0x7E).contains(bytes[index]) { return false }
        return true
    }

    /// A copy of a secret, which nothing wipes.
    init(copying secret: RawSpan) {
        // The bytes are read before the closure returns.
        self = unsafe secret.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    }
}
