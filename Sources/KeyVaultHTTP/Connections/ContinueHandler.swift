public import HTTPTypes
public import NIOCore
public import NIOHTTPTypes

/// Tells a client that waits with its body, as curl does with a large one, to send it (RFC 9110, section 10.1.1).
///
/// One whose body is too large is not told. Whether else the request will be served is not known here: a client that is refused has
/// sent its body in vain, as one that did not wait.
public final class ContinueHandler: ChannelDuplexHandler, RemovableChannelHandler {
    public typealias InboundIn = HTTPRequestPart
    public typealias InboundOut = HTTPRequestPart
    public typealias OutboundIn = HTTPResponsePart
    public typealias OutboundOut = HTTPResponsePart

    /// Requests whose answers have not been written to the end.
    private var unanswered = 0

    private let longestBody: @Sendable (HTTPRequest) -> Int

    /// - Parameter longestBody: how long the body of a request may be, such as ``KeyVaultService/longestBody(of:)``. Default: no limit.
    public init(_ longestBody: @escaping @Sendable (HTTPRequest) -> Int = { _ in .max }) {
        self.longestBody = longestBody
    }

    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head(let request) = unwrapInboundIn(data) {
            unanswered += 1
            // Amid the answer to an earlier request it would be a part of that: such a client sends its body when it has waited enough.
            if unanswered == 1, request.headerFields[.expect]?.lowercased() == "100-continue", !isTooLarge(request) {
                context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
            }
        }
        context.fireChannelRead(data)
    }

    public func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { unanswered = max(0, unanswered - 1) }
        context.write(data, promise: promise)
    }

    private func isTooLarge(_ request: HTTPRequest) -> Bool {
        guard let length = request.headerFields[.contentLength].flatMap({ Int($0) }) else { return false }
        return length > longestBody(request)
    }
}
