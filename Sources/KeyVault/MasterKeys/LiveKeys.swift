import KeyVaultFormat
import KeyVaultStorage
import Synchronization

/// The header last believed and the keys held, of one open vault; read again when the store's header has moved.
final class LiveKeys: Sendable {
    private let source: any MasterKeySource
    let store: any RecordStore
    private let state: TracedMutex<KeyState>
    private let underWay = Mutex<Refresh?>(nil)
    /// One that has been under way for longer than this is not waited for any more by those who come: the source may never answer.
    private let patience: Duration

    /// For so long a source that has failed for a header is not asked for that again: a walk over many rows may meet it in each.
    private static let rest: UInt64 = 1_000_000_000
    private let failure = Mutex<Failure?>(nil)
    private let time: TimeSource

    /// The wait that ``refresh(within:)`` has under way.
    private let boundedWait = Mutex<Task<Result<Void, VaultError>, Never>?>(nil)

    private struct Failure {
        let error: VaultError
        let generation: UInt64
        let time: UInt64
    }

    private struct Refresh {
        let task: Task<Result<Void, VaultError>, Never>
        let start: ContinuousClock.Instant
    }

    init(
        _ state: KeyState, store: any RecordStore, source: any MasterKeySource, time: TimeSource, patience: Duration
    ) {
        self.state = TracedMutex(state)
        self.store = store
        self.source = source
        self.time = time
        self.patience = patience
    }

    var current: KeyState { state.withLock { $0 } }

    /// As ``KeyState/live(_:)``, of the current state.
    func live(_ id: MasterKeyID) -> MasterKeyRing.Holder? { state.withLock { $0.live(id) } }

    /// Reads the header again, and asks the source for keys that it names and the ring lacks: once for all who ask for that
    /// at a time. A caller who is cancelled waits all the same.
    func refresh() async throws(VaultError) {
        let (task, isNew) = startRefresh()
        let result = await task.value
        if isNew { return try result.get() }
        // The one that was under way may have read the header before what the caller has seen. The next one has not.
        try await startRefresh().task.value.get()
    }

    /// As ``refresh()``, for at most `limit`. All who ask at a time share one wait: the source may never answer, and what waits for it
    /// then waits for ever.
    func refresh(within limit: Duration) async throws(VaultError) {
        let task = boundedWait.withLock { wait in
            if let wait { return wait }
            let task = Task {
                let result = await self.result(within: limit)
                self.boundedWait.withLock { $0 = nil }
                return result
            }
            wait = task
            return task
        }
        try await task.value.get()
    }

    private func result(within limit: Duration) async -> Result<Void, VaultError> {
        let late = Result<Void, VaultError>.failure(
            VaultError(.missingMasterKey, "The header has changed, and the source of its master keys does not answer."))
        // One that is late already will not be on time; after a while another one takes its place.
        let age = underWay.withLock { $0?.start.duration(to: .now) }
        if let age, age > limit, age < patience { return late }
        let (outcomes, outcome) = AsyncStream<Result<Void, VaultError>>.makeStream()
        Task {
            do throws(VaultError) {
                outcome.yield(.success(try await self.refresh()))
            } catch { outcome.yield(.failure(error)) }
        }
        let clock = Task {
            try await self.time.sleep(limit)
            outcome.yield(late)
        }
        defer { clock.cancel() }
        for await first in outcomes { return first }
        return late
    }

    /// Begins what ``refresh()`` does, where it is not under way already.
    func startRefresh() -> (task: Task<Result<Void, VaultError>, Never>, isNew: Bool) {
        underWay.withLock { underWay in
            let start = ContinuousClock.now
            if let underWay, underWay.start.duration(to: start) < patience { return (underWay.task, false) }
            let task = Task {
                let result: Result<Void, VaultError>
                do throws(VaultError) { result = .success(try await readAgain()) } catch { result = .failure(error) }
                // Unless another one has taken its place.
                self.underWay.withLock { if $0?.start == start { $0 = nil } }
                return result
            }
            underWay = Refresh(task: task, start: start)
            return (task, true)
        }
    }

    private func readAgain() async throws(VaultError) {
        let known = current
        let head = try await store.requiredHead()
        guard head.generation != known.header.generation else { return }
        // The ring as it is by now: a key that this vault has written into the header is in it since before.
        let ring = current.ring
        if let header = try? ring.verify(head, opening: false) {
            return try adopt(KeyState(header: header, ring: ring), since: known)
        }
        let now = time.monotonic()
        if let failure = failure.withLock({ $0 }), failure.generation == head.generation,
            now < failure.time.advanced(saturatingBy: Self.rest)
        {
            throw failure.error
        }
        let fresh: KeyState
        do throws(VaultError) { fresh = try await KeyState.open(head, source: source) } catch {
            failure.withLock { $0 = Failure(error: error, generation: head.generation, time: time.monotonic()) }
            throw error
        }
        try adopt(fresh, since: known)
    }

    /// Holds a key that the header does not name yet.
    ///
    /// - Returns: what is believed and held now.
    func hold(_ holder: MasterKeyRing.Holder) -> KeyState {
        state.withLock { state in
            var ring = state.ring
            ring.add(holder)
            state = KeyState(header: state.header, ring: ring)
            return state
        }
    }

    /// Asks the source for its keys, whether the header names new ones or not.
    func reload() async throws(VaultError) {
        let known = current
        let fresh = try await KeyState.open(store.requiredHead(), source: source)
        try adopt(fresh, since: known)
    }

    /// Believes `fresh` from now on, unless it is older than what was believed before.
    ///
    /// - Parameter known: what was believed before `fresh` was read.
    func adopt(_ fresh: KeyState, since known: KeyState) throws(VaultError) {
        try state.withLock { state throws(VaultError) in
            guard fresh.header.vaultID == state.header.vaultID else { throw VaultError.headerSetBack }
            // Another task was faster, and knows this header already or a later one. That is no attack.
            if state.header.generation > known.header.generation,
                state.header.generation >= fresh.header.generation
            {
                var ring = state.ring
                ring.add(fresh.ring)
                state = KeyState(header: state.header, ring: ring)
                return
            }
            guard fresh.header.generation >= state.header.generation else { throw VaultError.headerSetBack }
            // A retired key never becomes live again: whoever still holds it could forge such a header.
            let retired = Set(state.header.keys.filter { $0.state == .retired }.map(\.id))
            guard retired.isDisjoint(with: fresh.header.liveKeyIDs) else { throw VaultError.headerSetBack }
            var ring = fresh.ring
            // What has come since `fresh` was begun was loaded on purpose.
            for holder in state.ring.holders where known.ring[holder.id] == nil { ring.add(holder) }
            state = KeyState(header: fresh.header, ring: ring)
        }
    }
}

extension RecordStore {
    /// The header of a vault that is known to be there.
    func requiredHead() async throws(VaultError) -> StoreHead {
        let head = try await VaultError.wrap { () async throws(StoreError) in try await readHead() }
        guard let head else { throw VaultError(.noVault, "The vault is gone from its store.") }
        return head
    }
}
