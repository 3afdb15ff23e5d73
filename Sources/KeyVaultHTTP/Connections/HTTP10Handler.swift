import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1

/// Answers clients of HTTP/1.0 as they ask: without chunks and `100 Continue`, which they do not know, and with the connection's end
/// behind each answer (RFC 9112, sections 6.1 and 9.3; RFC 9110, section 10.1.1).
///
/// `ab` is such a client, and so are many proxies unless they are told otherwise. Behind the codec the version is not known any more.
final class HTTP10Handler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// Whether each of the requests whose answers have not been written to the end is one of HTTP/1.0, the earliest first.
    private var unanswered: [Bool] = []

    /// Puts one before the codec in `pipeline`, where there is one.
    static func add(to pipeline: ChannelPipeline.SynchronousOperations) {
        guard let codec = try? pipeline.handler(type: HTTP1ToHTTPServerCodec.self) else { return }
        try? pipeline.addHandler(HTTP10Handler(), position: .before(codec))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data) else { return context.fireChannelRead(data) }
        let isOld = (head.version.major, head.version.minor) < (1, 1)
        unanswered.append(isOld)
        guard isOld else { return context.fireChannelRead(data) }
        head.headers.remove(name: "expect")
        head.headers.replaceOrAdd(name: "connection", value: "close")
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        var part = unwrapOutboundIn(data)
        if case .head(var head) = part, unanswered.first == true {
            // The encoder divides what it writes to later versions into chunks.
            head.version = .http1_0
            part = .head(head)
        }
        if case .end = part, !unanswered.isEmpty { unanswered.removeFirst() }
        context.write(wrapOutboundOut(part), promise: promise)
    }
}
