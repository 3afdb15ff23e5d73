import Synchronization

/// Learns from a ``ConnectionGuard`` that a request's client has gone away, and ends what is done on its behalf.
///
/// Sent down the connection's pipeline as an event, which tells the guard of it.
final class ClientWatch: Sendable {
    private struct State {
        var isGone = false
        var action: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    /// Runs `action` when the client goes away, at once if it has; takes the place of any action before.
    func onDisconnect(_ action: @escaping @Sendable () -> Void) {
        let isGone = state.withLock { state in
            state.action = action
            return state.isGone
        }
        if isGone { action() }
    }

    /// The request is done: what happens to the connection is of no interest any more.
    func end() { state.withLock { $0.action = nil } }

    func clientIsGone() {
        let action = state.withLock { state in
            state.isGone = true
            return state.action
        }
        action?()
    }

    /// Runs `body`, and cancels it when the client goes away.
    func guarding<Result: Sendable>(
        _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let task = Task { try await body() }
        onDisconnect { task.cancel() }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }
}
