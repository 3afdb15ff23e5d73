import KeyVaultStorage

/// One read of the store, and those who wait for what it gives.
///
/// The task that began it reads on its own behalf; nobody else's task is involved. A flight that is in its shard's table may
/// be joined, and may insert what it read. Whoever deletes or replaces the record takes it out of there: from then on it
/// only serves those who waited already.
final class Flight: Sendable {
    enum Outcome: Sendable {
        case filled(SealedSecret)
        case failed(VaultError)
        /// The task that read was cancelled: somebody else has to read.
        case abandoned
    }

    private struct State: Sendable {
        var outcome: Outcome?
        var waiting: [Int: CheckedContinuation<Outcome?, Never>] = [:]
        var lastWaiter = 0
    }

    /// When it began: what it reads may be as old as that.
    let started: UInt64
    /// The cipher that was in use when it began. What it seals is not cached when there is another by then.
    let cipher: CipherReference
    private let state = TracedMutex(State())

    init(started: UInt64, cipher: CipherReference) {
        self.started = started
        self.cipher = cipher
    }

    /// Ends the flight, and the waiting.
    func settle(_ outcome: Outcome) {
        let waiting = state.withLock { state in
            state.outcome = outcome
            return exchange(&state.waiting, with: [:])
        }
        for continuation in waiting.values { continuation.resume(returning: outcome) }
    }

    /// Waits until the flight ends; `nil` when the waiting task is cancelled before.
    func outcome() async -> Outcome? {
        let waiter = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let early: Outcome?? = state.withLock { state in
                    if let outcome = state.outcome { return .some(outcome) }
                    // The handler may have run before there was anything to take out.
                    if Task.isCancelled { return .some(nil) }
                    state.waiting[waiter] = continuation
                    return nil
                }
                if let early { continuation.resume(returning: early) }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: waiter) }?.resume(returning: nil)
        }
    }

    /// How it ended, and how many wait for that; for tests.
    var settled: Outcome? { state.withLock(\.outcome) }
    var waiters: Int { state.withLock { $0.waiting.count } }
}
