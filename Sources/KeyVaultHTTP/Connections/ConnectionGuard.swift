import HTTPTypes
import Metrics
public import NIOCore
public import NIOHTTPTypes

/// Closes connections whose clients are too slow, tells when a client has gone away, and lets clients of HTTP/1.0 be answered as such.
///
/// It stands behind the HTTP decoder, and so sees whole headers and never bytes: whoever drips a header byte by byte gains
/// no time by it. Each deadline is counted from a fixed moment and none is put off by reading.
public final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    public typealias InboundIn = HTTPRequestPart
    public typealias InboundOut = HTTPRequestPart
    public typealias OutboundIn = HTTPResponsePart
    public typealias OutboundOut = HTTPResponsePart

    /// How long a client may take to close a connection that it was told will be closed.
    private static let farewell = TimeAmount.seconds(2)

    private let limits: ConnectionLimits
    /// When the connection is cut off; `nil` while it is the server's turn.
    private var due: NIODeadline?
    private var timer: (fires: NIODeadline, scheduled: Scheduled<Void>)?
    private var stall: Scheduled<Void>?
    /// Whether a request's body is still to come.
    private var isReading = false
    /// Whether the answer says that the connection ends with it.
    private var isLast = false
    /// Requests whose answers have not been written to the end.
    private var unanswered = 0
    private var watch: ClientWatch?
    /// Whether it was this end that stopped reading: a server does so whose shutdown has lasted long enough.
    private var hasStoppedReading = false

    public init(_ limits: ConnectionLimits) { self.limits = limits }

    public func handlerAdded(context: ChannelHandlerContext) {
        watch = ClientWatch.begin(context.channel)
        arm(limits.header, context)
        HTTP10Handler.add(to: context.pipeline.syncOperations)
    }

    public func handlerRemoved(context: ChannelHandlerContext) { clientIsGone() }

    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            unanswered += 1
            isReading = true
            arm(limits.body, context)
        case .body: break
        case .end:
            isReading = false
            if unanswered == 0 { arm(limits.idle, context) } else { disarm() }
        }
        context.fireChannelRead(data)
    }

    public func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part = unwrapOutboundIn(data)
        if case .head(let head) = part { isLast = head.headerFields[.connection] == "close" }
        if case .end = part {
            unanswered = max(0, unanswered - 1)
            // A body that is still dripping in behind an early answer keeps its deadline.
            if isLast { arm(Self.farewell, context) } else if unanswered == 0, !isReading { arm(limits.idle, context) }
        }
        context.write(data, promise: promise)
    }

    public func channelWritabilityChanged(context: ChannelHandlerContext) {
        stall?.cancel()
        let channel = context.channel
        stall =
            channel.isWritable
            ? nil : context.eventLoop.scheduleTask(in: limits.stalledWrite) { Self.cutOff(channel) }
        context.fireChannelWritabilityChanged()
    }

    public func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // A client that sends no more while it waits for its answer has, for all that can be known, gone away.
        if case ChannelEvent.inputClosed? = event as? ChannelEvent, unanswered > 0, !hasStoppedReading {
            context.close(promise: nil)
            return
        }
        context.fireUserInboundEventTriggered(event)
    }

    public func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if mode == .input { hasStoppedReading = true }
        context.close(mode: mode, promise: promise)
    }

    public func channelInactive(context: ChannelHandlerContext) {
        clientIsGone()
        context.fireChannelInactive()
    }
}

extension ConnectionGuard {
    private func clientIsGone() {
        disarm()
        timer?.scheduled.cancel()
        timer = nil
        stall?.cancel()
        stall = nil
        let watch = watch.take()
        watch?.clientIsGone()
    }

    private func arm(_ limit: TimeAmount, _ context: ChannelHandlerContext) {
        let due = NIODeadline.now() + limit
        self.due = due
        guard timer.map({ due < $0.fires }) ?? true else { return }
        timer?.scheduled.cancel()
        startTimer(at: due, context.channel)
    }

    private func disarm() { due = nil }

    /// One timer runs at a time and looks at its end whether it is still meant: deadlines move with every request, and to
    /// cancel a timer takes time linear in the number of all.
    private func startTimer(at moment: NIODeadline, _ channel: any Channel) {
        let bound = NIOLoopBound(self, eventLoop: channel.eventLoop)
        let scheduled = channel.eventLoop.scheduleTask(deadline: moment) { bound.value.timerFired(channel) }
        timer = (moment, scheduled)
    }

    private func timerFired(_ channel: any Channel) {
        timer = nil
        guard let due else { return }
        guard due <= .now() else { return startTimer(at: due, channel) }
        Self.cutOff(channel)
    }

    private static func cutOff(_ channel: any Channel) {
        Counter(label: "keyvault_http_connections_cut_off").increment()
        channel.close(promise: nil)
    }
}
