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
        let watch = try #require(ClientWatch.of(channel))
        let count = Counter()
        watch.onDisconnect { count.add() }
        try channel.writeInbound(head)
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        channel.embeddedEventLoop.run()
        #expect(!channel.isActive)
        #expect(count.value == 1)
        // Whoever asks too late is told at once.
        watch.onDisconnect { count.add() }
        #expect(count.value == 2)
        // And whoever looks for the watch too late is told as well.
        let late = try #require(ClientWatch.of(channel))
        channel.embeddedEventLoop.run()
        late.onDisconnect { count.add() }
        #expect(count.value == 3)
    }

    @Test func whatHasEndedIsNotCancelled() throws {
        let channel = try channel()
        let watch = try #require(ClientWatch.of(channel))
        let count = Counter()
        watch.onDisconnect { count.add() }
        watch.end()
        try channel.close().wait()
        #expect(count.value == 0)
    }

    @Test func theTaskOfARequestIsCancelledAndNoOther() async throws {
        let channel = NIOAsyncTestingChannel()
        try await channel.testingEventLoop.executeInContext {
            try channel.pipeline.syncOperations.addHandler(ConnectionGuard(limits))
        }
        try await channel.connect(to: SocketAddress(unixDomainSocketPath: "/x"))
        let watch = try #require(ClientWatch.of(channel))
        let task = Task {
            let before = try await watch.guarding { Task.isCancelled }
            // Ends when it is cancelled, and not before.
            let never = AsyncStream<Void> { _ in }
            try await watch.guarding {
                try await channel.close()
                for await _ in never {}
            }
            return (before, Task.isCancelled)
        }
        #expect(try await task.value == (false, true))
        #expect(!Task.isCancelled)
    }

    @Test func aConnectionWithoutAGuardIsNotWatched() throws {
        let channel = EmbeddedChannel()
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/x")).wait()
        #expect(ClientWatch.of(channel) == nil)
    }

    /// The server's own end is not the client's: the answer that is under way may still say so.
    @Test func aServerThatStopsReadingDoesNotTakeTheClientForGone() throws {
        let channel = try channel()
        // `EmbeddedChannel` closes both halves whatever it is told.
        try channel.pipeline.syncOperations.addHandler(HalfCloses(), position: .first)
        try channel.writeInbound(head)
        channel.close(mode: .input, promise: nil)
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(channel.isActive)
    }

    @Test func halfAClosedConnectionIsLeftAloneBetweenRequests() throws {
        let channel = try channel()
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(channel.isActive)
    }
}

private final class HalfCloses: ChannelOutboundHandler {
    typealias OutboundIn = HTTPResponsePart

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if mode == .input { promise?.succeed() } else { context.close(mode: mode, promise: promise) }
    }
}

private final class Counter: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock { $0 } }

    func add() { count.withLock { $0 += 1 } }
}
