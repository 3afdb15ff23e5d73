import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// What a provider answered: whole, but for a stream, which is read while it is passed on.
struct UpstreamAnswer: Sendable {
    /// The longest answer that is not a stream: longer than any model writes.
    private static let longest = 32 * 1024 * 1024
    /// The longest answer to a refused request that is passed on.
    private static let longestRefusal = 64 * 1024
    private static let refusalTimeout = Duration.seconds(5)

    enum Body: Sendable {
        case whole(ByteBuffer)
        case stream(HTTPClientResponse.Body)
    }

    let status: Int
    let headers: HTTPHeaders
    let body: Body
    /// Whether its body is compressed, which it was asked not to be: nothing here could read it, and so it is not read.
    let isCompressed: Bool
    /// Whether the chat was served. That no other status says: behind a 204 or 205 stands no body to pass on.
    var isSuccess: Bool { status == 200 && !isCompressed }

    /// - Throws: what the HTTP client throws; `NIOTooManyBytesError`; `HTTPClientError.deadlineExceeded`, once a part has come
    ///   behind `deadline`.
    init(_ response: HTTPClientResponse, until deadline: ContinuousClock.Instant) async throws {
        status = Int(response.status.code)
        headers = response.headers
        isCompressed = headers[canonicalForm: "content-encoding"].contains {
            !$0.isEmpty && $0.lowercased() != "identity"
        }
        guard !isCompressed else {
            body = .whole(ByteBuffer())
            return
        }
        guard response.status == .ok else {
            body = .whole(await Self.refusal(response.body) ?? ByteBuffer())
            return
        }
        // Media types have no case (RFC 9110, section 8.3.1).
        let isStream = headers.first(name: "content-type")?.lowercased().hasPrefix("text/event-stream") ?? false
        body =
            isStream
            ? .stream(response.body) : .whole(try await response.body.within(deadline).collect(upTo: Self.longest))
    }

    /// What stands in a refusal; `nil` where that is too long, breaks off, or does not come soon: nobody waits for it.
    private static func refusal(_ body: HTTPClientResponse.Body) async -> ByteBuffer? {
        await withTaskGroup(of: ByteBuffer?.self) { group in
            group.addTask { try? await body.collect(upTo: longestRefusal) }
            group.addTask {
                try? await Task.sleep(for: refusalTimeout)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }
}

extension HTTPClientResponse.Body {
    /// The HTTP client's own deadline ends with the head of an answer.
    func within(_ deadline: ContinuousClock.Instant) -> some AsyncSequence<ByteBuffer, any Error> & Sendable {
        map { part in
            guard ContinuousClock.now < deadline else { throw HTTPClientError.deadlineExceeded }
            return part
        }
    }
}
