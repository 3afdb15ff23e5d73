import Glibc
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A server on loopback that reads one request from each connection and does as the test says: it plays every provider, and
/// everything that can go wrong with one.
final class LoopbackServer: Sendable {
    /// What is done with a request. What is sent is sent byte for byte.
    enum Behaviour: Sendable {
        case send(String)
        /// Sends the text after a while.
        case sendLate(String)
        /// Sends the text, then one byte every few milliseconds for ever.
        case drip(String)
        /// Sends the text, then bytes for as long as the other end takes them.
        case flood(String)
        /// Never answers.
        case hang
        /// Resets the connection.
        case reset
    }

    struct State {
        var requests: [String] = []
        var connections = 0
        var underWay = 0
        var mostUnderWay = 0
        var bytesSent = 0
    }

    private let channel: any Channel
    private let state: StateBox

    final class StateBox: Sendable {
        let value = Mutex(State())
    }

    /// Starts on a free port.
    ///
    /// - Parameter behave: is given the request, from its first line to the empty one, and its number from 0.
    init(tls: NIOSSLContext? = nil, _ behave: @escaping @Sendable (String, Int) -> Behaviour) async throws {
        let state = StateBox()
        self.state = state
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    state.value.withLock { $0.connections += 1 }
                    if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                    try channel.pipeline.syncOperations.addHandler(Script(state: state, behave: behave))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    /// Such as `http://127.0.0.1:4711`.
    func base(_ scheme: String = "http", host: String = "127.0.0.1") -> String {
        "\(scheme)://\(host):\(channel.localAddress?.port ?? 0)"
    }

    var seen: State { state.value.withLock { $0 } }

    func stop() async throws { try await channel.close() }
}

/// Reads a request and carries the test's wish out. One for each connection, on its event loop.
private final class Script: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let state: LoopbackServer.StateBox
    private let behave: @Sendable (String, Int) -> LoopbackServer.Behaviour
    private var received = ""
    private var isUnderWay = false

    init(
        state: LoopbackServer.StateBox, behave: @escaping @Sendable (String, Int) -> LoopbackServer.Behaviour
    ) {
        self.state = state
        self.behave = behave
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received += String(buffer: unwrapInboundIn(data))
        guard received.hasSuffix("\r\n\r\n") else { return }
        let request = received
        received = ""
        isUnderWay = true
        let number = state.value.withLock { state in
            state.requests.append(request)
            state.underWay += 1
            state.mostUnderWay = max(state.mostUnderWay, state.underWay)
            return state.requests.count - 1
        }
        switch behave(request, number) {
        case .send(let text):
            send(text, context)
            finish()
        case .sendLate(let text):
            let context = NIOLoopBound(context, eventLoop: context.eventLoop)
            let script = NIOLoopBound(self, eventLoop: context.value.eventLoop)
            context.value.eventLoop.scheduleTask(in: .milliseconds(20)) {
                // Before it is sent: whoever waits for the answer may send the next request at once.
                script.value.finish()
                script.value.send(text, context.value)
            }
        case .drip(let text):
            send(text, context)
            drip(context)
        case .flood(let text):
            send(text, context)
            flood(context)
        case .hang:
            break
        case .reset:
            // A close with unread or lingering data is a reset.
            _ = (context.channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func finish() {
        guard isUnderWay else { return }
        isUnderWay = false
        state.value.withLock { $0.underWay -= 1 }
    }

    private func send(_ text: String, _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
    }

    private func drip(_ context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        send(" ", context)
        let context = NIOLoopBound(context, eventLoop: context.eventLoop)
        let script = NIOLoopBound(self, eventLoop: context.value.eventLoop)
        context.value.eventLoop.scheduleTask(in: .milliseconds(5)) { script.value.drip(context.value) }
    }

    private func flood(_ context: ChannelHandlerContext) {
        let size = 64 * 1024
        let state = state
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        let script = NIOLoopBound(self, eventLoop: context.eventLoop)
        let block = ByteBuffer(repeating: UInt8(ascii: " "), count: size)
        context.writeAndFlush(wrapOutboundOut(block)).whenSuccess {
            state.value.withLock { $0.bytesSent += size }
            script.value.flood(bound.value)
        }
    }
}
