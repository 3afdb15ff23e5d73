package import NIOCore
package import NIOHTTP1

/// Fails a connection whose other end answers with a status below 100. There is no such status, and AsyncHTTPClient (1.37) ends
/// the process: it goes on waiting for the head of the answer, and gets its end.
package final class StatusGuard: ChannelInboundHandler {
    package typealias InboundIn = HTTPClientResponsePart
    package typealias InboundOut = HTTPClientResponsePart

    package struct Refusal: Error {}

    /// Whether the rest of what was read is left out.
    private var hasRefused = false

    /// Puts one behind the decoder of a new connection.
    @Sendable package static func add(to channel: any Channel) -> EventLoopFuture<Void> {
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPResponseDecoder>.self)
            try pipeline.addHandler(StatusGuard(), position: .after(decoder))
        }
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head(let head) = unwrapInboundIn(data), head.status.code < 100 {
            hasRefused = true
            context.fireErrorCaught(Refusal())
            context.close(promise: nil)
        }
        if !hasRefused { context.fireChannelRead(data) }
    }
}
