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
        /// Each is told whether the flight has ended; otherwise the waiting has.
        var waiting: [Int: CheckedContinuation<Bool, Never>] = [:]
        var lastWaiter = 0
    }

    /// Of the record's id.
    let hash: UInt64
    /// When it began: what it reads may be as old as that.
    let started: UInt64
    /// The cipher that was in use when it began. What it seals is not cached when there is another by then.
    let cipher: CipherReference
    private let state = TracedMutex(State())

    init(hash: UInt64, started: UInt64, cipher: CipherReference) {
        self.hash = hash
        self.started = started
        self.cipher = cipher
    }

    /// Ends the flight, and the waiting.
    func settle(_ outcome: Outcome) {
        let waiting = state.withLock { state in
            state.outcome = outcome
            return exchange(&state.waiting, with: [:])
        }
        for continuation in waiting.values { continuation.resume(returning: true) }
    }

    /// Waits until the flight ends; `nil` when the waiting task is cancelled before.
    func outcome() async -> Outcome? {
        let waiter = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        let hasEnded = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let early: Bool? = state.withLock { state in
                    if state.outcome != nil { return true }
                    // The handler may have run before there was anything to take out.
                    if Task.isCancelled { return false }
                    state.waiting[waiter] = continuation
                    return nil
                }
                if let early { continuation.resume(returning: early) }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: waiter) }?.resume(returning: false)
        }
        // Fetched under the lock: what a continuation hands over, the thread sanitizer takes for a race.
        return hasEnded ? settled : nil
    }

    /// How it ended, if it has.
    var settled: Outcome? { state.withLock(\.outcome) }
    /// How many wait for that; for tests.
    var waiters: Int { state.withLock { $0.waiting.count } }
}
