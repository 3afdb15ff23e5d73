import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Synchronization
import Testing

@testable import KeyVaultHTTP

@Suite struct ConnectionGuardTests {
    private let limits = ConnectionLimits(
        header: .seconds(10), body: .seconds(20), idle: .seconds(30), stalledWrite: .seconds(5))
    private let head = HTTPRequestPart.head(
        HTTPRequest(method: .get, scheme: "http", authority: "x", path: "/"))

    private func channel() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(handler: ConnectionGuard(limits))
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/x")).wait()
        return channel
    }

    @Test func aClientThatGoesAwayEndsWhatIsDoneForIt() throws {
        let channel = try channel()
        let watch = ClientWatch()
        let count = Counter()
        watch.onDisconnect { count.add() }
        try channel.writeInbound(head)
        try channel.triggerUserOutboundEvent(watch).wait()
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        channel.embeddedEventLoop.run()
        #expect(!channel.isActive)
        #expect(count.value == 1)
        // Whoever asks too late is told at once.
        watch.onDisconnect { count.add() }
        #expect(count.value == 2)
    }

    @Test func anAnswerThatIsWrittenEndsTheWatch() throws {
        let channel = try channel()
        let watch = ClientWatch()
        let count = Counter()
        watch.onDisconnect { count.add() }
        try channel.writeInbound(head)
        try channel.writeInbound(HTTPRequestPart.end(nil))
        try channel.triggerUserOutboundEvent(watch).wait()
        try channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .ok)))
        try channel.writeOutbound(HTTPResponsePart.end(nil))
        try channel.close().wait()
        #expect(count.value == 0)
    }

    @Test func halfAClosedConnectionIsLeftAloneBetweenRequests() throws {
        let channel = try channel()
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(channel.isActive)
    }
}

private final class Counter: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock { $0 } }

    func add() { count.withLock { $0 += 1 } }
}
