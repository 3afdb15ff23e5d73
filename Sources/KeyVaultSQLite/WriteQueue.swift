import Dispatch
import KeyVaultStorage
import Synchronization

/// What waits for the writer's thread. Tasks put jobs in; the thread takes them out.
final class WriteQueue: Sendable {
    typealias VersionRequest = CheckedContinuation<Result<UInt64, StoreError>, Never>

    private struct State {
        var jobs: [WriteJob] = []
        var versionRequests: [VersionRequest] = []
        var lastNumber: UInt64 = 0
        var isClosed = false

        var isEmpty: Bool { jobs.isEmpty && versionRequests.isEmpty }
    }

    private let state = Mutex(State())
    /// Raised when the queue stops being empty, and when it is closed. May be raised once too often.
    private let arrivals = DispatchSemaphore(value: 0)

    // MARK: For tasks

    /// Waits until the work is done. A cancelled task takes its job back, unless the writer has begun with it.
    func submit(_ work: WriteJob.Work) async throws(StoreError) {
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                add(WriteJob(work, number: number, for: continuation))
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
            let isClosed = state.withLock { state in
                if state.isClosed { return true }
                if state.isEmpty { arrivals.signal() }
                state.versionRequests.append(continuation)
                return false
            }
            if isClosed { continuation.resume(returning: .failure(.closed)) }
        }
        return try result.get()
    }

    /// Takes no more; what is waiting is still done.
    func close() {
        state.withLock { $0.isClosed = true }
        arrivals.signal()
    }

    private func add(_ job: WriteJob) {
        let isClosed = state.withLock { state in
            if state.isClosed { return true }
            if state.isEmpty { arrivals.signal() }
            state.jobs.append(job)
            return false
        }
        if isClosed { job.finish(.failure(.closed)) }
    }

    private func cancel(_ number: UInt64) {
        let job = state.withLock { state in
            state.jobs.firstIndex { $0.number == number }.map { state.jobs.remove(at: $0) }
        }
        job?.finish(.failure(StoreError(.cancelled, "The task was cancelled; nothing was written.")))
    }

    // MARK: For the thread

    enum Situation {
        case idle
        case hasJobs
        /// Closed, and nothing is left to do.
        case done
    }

    var situation: Situation {
        state.withLock { state in state.jobs.isEmpty ? (state.isClosed ? .done : .idle) : .hasJobs }
    }

    /// Waits for the next arrival, but no longer than `timeout`.
    func wait(for timeout: DispatchTimeInterval) { _ = arrivals.wait(timeout: .now() + timeout) }

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

    func takeVersionRequests() -> [VersionRequest] {
        state.withLock { state in
            defer { state.versionRequests = [] }
            return state.versionRequests
        }
    }
}

extension StoreError {
    static var closed: StoreError { StoreError(.closed, "The store was closed. Open the vault again.") }
}
