import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// What a provider answered: whole, but for a stream, which is read while it is passed on.
struct UpstreamAnswer: Sendable {
    /// The longest answer that is not a stream: longer than any model writes.
    private static let longest = 32 * 1024 * 1024
    /// The longest answer to a refused request that is passed on.
    private static let longestRefusal = 64 * 1024

    enum Body: Sendable {
        case whole(ByteBuffer)
        case stream(HTTPClientResponse.Body)
    }

    let status: Int
    let headers: HTTPHeaders
    let body: Body

    init(_ response: HTTPClientResponse) async throws {
        status = Int(response.status.code)
        headers = response.headers
        guard (200..<300).contains(status) else {
            // One that is too long, or breaks off, is not passed on.
            body = .whole((try? await response.body.collect(upTo: Self.longestRefusal)) ?? ByteBuffer())
            return
        }
        let isStream = headers.first(name: "content-type")?.hasPrefix("text/event-stream") ?? false
        body = isStream ? .stream(response.body) : .whole(try await response.body.collect(upTo: Self.longest))
    }
}
