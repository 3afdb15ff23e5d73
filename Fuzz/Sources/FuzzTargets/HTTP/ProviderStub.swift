import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Plays every provider, on loopback: whoever posts to `/NUMBER/…` gets the answer that was left under that number.
struct ProviderStub: Sendable {
    static let shared = Task { try await ProviderStub() }

    private let calls = Calls()
    private let channel: any Channel

    private init() async throws {
        let calls = calls
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Answering(calls))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    /// Runs `body` with the base URL that has this answer.
    ///
    /// - Returns: also what was asked, if anything was.
    func answering<Result>(
        _ answer: HTTPInput.Answer, _ body: (String) async throws -> Result
    ) async rethrows -> (Result, asked: [UInt8]?) {
        let number = calls.state.withLock { state in
            state.last += 1
            state.answers[state.last] = answer
            return state.last
        }
        defer {
            calls.state.withLock { state in
                state.answers[number] = nil
                state.requests[number] = nil
            }
        }
        let result = try await body("http://127.0.0.1:\(channel.localAddress?.port ?? 0)/\(number)")
        return (result, calls.state.withLock { $0.requests[number] })
    }
}

/// The answers that are due, and the bodies of the requests that came.
private final class Calls: Sendable {
    struct State {
        var last = 0
        var answers: [Int: HTTPInput.Answer] = [:]
        var requests: [Int: [UInt8]] = [:]
    }

    let state = Mutex(State())
}

/// One for each connection, on its event loop.
private final class Answering: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let calls: Calls
    private var number = 0
    private var body: [UInt8] = []

    init(_ calls: Calls) { self.calls = calls }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            number = head.uri.split(separator: "/").first.flatMap { Int($0) } ?? 0
            body = []
        case .body(let part): body += part.readableBytesView
        case .end: answer(context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func answer(_ context: ChannelHandlerContext) {
        let answer = calls.state.withLock { state in
            state.requests[number] = body
            return state.answers[number] ?? HTTPInput.Answer()
        }
        var headers = HTTPHeaders()
        for field in answer.headers { headers.add(name: field.name.rawName, value: field.value) }
        let status = HTTPResponseStatus(statusCode: answer.status)
        // The others have no body, whatever is sent.
        let parts = answer.status == 204 || answer.status == 304 ? [] : answer.parts
        if !parts.isEmpty { headers.add(name: "Transfer-Encoding", value: "chunked") }
        context.write(wrapOutboundOut(.head(.init(version: .http1_1, status: status, headers: headers))), promise: nil)
        for part in parts where !part.isEmpty {
            context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: part)))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}
