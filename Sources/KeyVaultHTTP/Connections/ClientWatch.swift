import NIOCore
import Synchronization

/// Learns from a connection's ``ConnectionGuard`` that the client has gone away, and cancels what is done on its behalf.
final class ClientWatch: Sendable {
    private struct State {
        var isGone = false
        var action: (@Sendable () -> Void)?
    }

    /// Those of all connections that have a guard: a request finds its own here, since to ask the connection would be a hop to
    /// its event loop for each chat.
    private static let all = Mutex<[ObjectIdentifier: ClientWatch]>([:])

    private let channel: ObjectIdentifier
    private let state = Mutex(State())

    private init(of channel: any Channel) { self.channel = ObjectIdentifier(channel) }

    /// Begins to watch the client of `channel`, until ``clientIsGone()``.
    static func begin(_ channel: any Channel) -> ClientWatch {
        let watch = ClientWatch(of: channel)
        all.withLock { $0[watch.channel] = watch }
        return watch
    }

    /// The watch over the client of `channel`; `nil` where no guard stands in its pipeline.
    static func of(_ channel: any Channel) -> ClientWatch? {
        if let watch = all.withLock({ $0[ObjectIdentifier(channel)] }) { return watch }
        guard !channel.isActive else { return nil }
        // The client may have gone away before anybody asked, and its watch with it.
        let watch = ClientWatch(of: channel)
        channel.closeFuture.whenComplete { _ in watch.clientIsGone() }
        return watch
    }

    func clientIsGone() {
        Self.all.withLock { $0[channel] = nil }
        state.withLock { state in
            state.isGone = true
            state.action?()
        }
    }

    /// Runs `body`, and cancels the task that runs it when the client goes away.
    ///
    /// A task of its own for `body` would cost more than all else that is done for a chat but the call itself.
    @concurrent func guarding<Result>(_ body: @concurrent () async throws -> Result) async throws -> Result {
        try await unsafe withUnsafeCurrentTask { task in
            // Others may cancel a task by this value (so its documentation) until this closure ends, and `end` waits for them.
            nonisolated(unsafe) let task = unsafe task
            onDisconnect { unsafe task?.cancel() }
            defer { end() }
            return try await body()
        }
    }

    /// Runs `action` when the client goes away, at once if it has; takes the place of any action before.
    ///
    /// It runs under a lock: once ``end()`` has returned, it neither runs nor will.
    func onDisconnect(_ action: @escaping @Sendable () -> Void) {
        state.withLock { state in
            state.action = action
            if state.isGone { action() }
        }
    }

    /// What happens to the connection is of no interest any more.
    func end() { state.withLock { $0.action = nil } }
}
