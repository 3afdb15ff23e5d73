import Dispatch
import KeyVaultStorage
import Synchronization

/// What waits for the writer's thread. Tasks put jobs in; the thread takes them out.
final class WriteQueue: Sendable {
    typealias VersionRequest = CheckedContinuation<Result<UInt64, StoreError>, Never>

    private struct State {
        var jobs: [WriteJob] = []
        var versionRequests: [VersionRequest] = []
        var isClosed = false

        var isEmpty: Bool { jobs.isEmpty && versionRequests.isEmpty }
    }

    private let state = TracedMutex(State())
    private let lastNumber = Atomic<UInt64>(0)
    /// Raised when the queue stops being empty, and when it is closed.
    private let arrivals = Arrivals()

    // MARK: For tasks

    /// Waits until the work is done. A cancelled task takes its job back, unless the writer has begun with it.
    func submit(_ work: WriteJob.Work) async throws(StoreError) {
        let number = lastNumber.wrappingAdd(1, ordering: .relaxed).newValue
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let job = WriteJob(work, number: number, for: continuation)
                if !add({ $0.jobs.append(job) }) { job.finish(.failure(.closed)) }
                // The handler may have run before there was a job to find.
                if Task.isCancelled { cancel(number) }
            }
        } onCancel: {
            cancel(number)
        }
        try result.get()
    }

    /// The number that SQLite changes when somebody else has committed.
    func dataVersion() async throws(StoreError) -> UInt64 {
        let result = await withCheckedContinuation { continuation in
            if !add({ $0.versionRequests.append(continuation) }) { continuation.resume(returning: .failure(.closed)) }
        }
        return try result.get()
    }

    /// Takes no more; what is waiting is still done.
    func close() {
        state.withLock { $0.isClosed = true }
        arrivals.signal()
    }

    /// Puts something in, unless the queue is closed.
    private func add(_ change: (inout State) -> Void) -> Bool {
        let (isClosed, wasEmpty) = state.withLock { state in
            let before = (state.isClosed, state.isEmpty)
            if !state.isClosed { change(&state) }
            return before
        }
        // Outside of the lock, which the thread that wakes up takes first.
        if !isClosed, wasEmpty { arrivals.signal() }
        return !isClosed
    }

    private func cancel(_ number: UInt64) {
        let job = state.withLock { state in
            state.jobs.firstIndex { $0.number == number }.map { state.jobs.remove(at: $0) }
        }
        job?.finish(.failure(.cancelled))
    }

    // MARK: For the thread

    enum Situation {
        case idle
        case hasJobs
        /// Closed, and nothing is left to do.
        case done
    }

    /// What is to be done, and the requests that can be answered at once, which are taken out.
    func next() -> (Situation, [VersionRequest]) {
        state.withLock { state in
            defer { state.versionRequests = [] }
            return (state.jobs.isEmpty ? (state.isClosed ? .done : .idle) : .hasJobs, state.versionRequests)
        }
    }

    var jobCount: Int { state.withLock { $0.jobs.count } }
    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Waits for the next arrival.
    func wait() { arrivals.wait() }

    /// Waits for the next arrival, but no longer than `timeout`.
    func wait(for timeout: DispatchTimeInterval) { arrivals.wait(for: timeout) }

    func takeJobs(atMost count: Int) -> [WriteJob] {
        state.withLock { state in
            let taken = Array(state.jobs.prefix(count))
            state.jobs.removeFirst(taken.count)
            return taken
        }
    }

    /// Takes the jobs that have waited for longer than `patience`.
    func takeJobs(waitingFor patience: Duration) -> [WriteJob] {
        let now = ContinuousClock.now
        return state.withLock { state in
            // They stand in the order of their arrival.
            let count = state.jobs.prefix { $0.arrival.duration(to: now) >= patience }.count
            let taken = Array(state.jobs.prefix(count))
            state.jobs.removeFirst(count)
            return taken
        }
    }
}
