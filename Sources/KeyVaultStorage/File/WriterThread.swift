import class Foundation.Thread

/// The one thread that writes to a log, so that no sync ever blocks a thread of the cooperative pool.
///
/// While it syncs, what other tasks want to write gathers; all of that is then one group with one sync.
final class WriterThread: Sendable {
    private enum Job: Sendable {
        case write(WriteBatch, CheckedContinuation<StoreError?, Never>)
        case run(@Sendable (FileLog) throws(StoreError) -> Void, CheckedContinuation<StoreError?, Never>)
    }

    private struct State {
        var jobs: [Job] = []
        var isStopping = false
    }

    /// What the thread and its owner share; the thread does not keep its owner alive.
    private final class Inbox: Sendable {
        let state = TracedMutex(State())
        let filled = Arrivals()

        /// `false` when the thread takes nothing any more.
        func put(_ job: Job, isLast: Bool = false) -> Bool {
            let (isTaken, isFirst) = state.withLock { state in
                guard !state.isStopping else { return (false, false) }
                state.jobs.append(job)
                state.isStopping = isLast
                return (true, state.jobs.count == 1)
            }
            if isFirst { filled.signal() }
            return isTaken
        }

        func stop() {
            state.withLock { $0.isStopping = true }
            filled.signal()
        }

        /// Everything that waits, once there is something; `nil` when there will be nothing more.
        func take() -> [Job]? {
            while true {
                let (jobs, isStopping) = state.withLock { state in
                    defer { state.jobs = [] }
                    return (state.jobs, state.isStopping)
                }
                if !jobs.isEmpty { return jobs }
                if isStopping { return nil }
                filled.wait()
            }
        }
    }

    private let log: FileLog
    private let inbox = Inbox()

    init(_ log: FileLog) {
        self.log = log
        let thread = Thread { [inbox] in
            while let jobs = inbox.take() { Self.perform(jobs, log) }
        }
        thread.name = "KeyVault writer"
        thread.start()
    }

    func write(_ batch: WriteBatch) async throws(StoreError) {
        try await enqueue { .write(batch, $0) }
    }

    /// Does `work` between two groups.
    func run(_ work: @escaping @Sendable (FileLog) throws(StoreError) -> Void) async throws(StoreError) {
        try await enqueue { .run(work, $0) }
    }

    /// Finishes what waits, and closes the log.
    func close() async {
        // In a child that `fork` made there is no thread to wait for.
        guard log.isOfThisProcess else { return }
        _ = await withCheckedContinuation { continuation in
            let closing = Job.run({ log in log.close() }, continuation)
            if !inbox.put(closing, isLast: true) { continuation.resume(returning: nil) }
        }
    }

    /// Finishes what waits, and leaves the log as a crash would.
    func stop() { if log.isOfThisProcess { inbox.stop() } }

    private func enqueue(_ job: (CheckedContinuation<StoreError?, Never>) -> Job) async throws(StoreError) {
        // As above.
        try log.checkUsable()
        let failure = await withCheckedContinuation { continuation in
            if !inbox.put(job(continuation)) { continuation.resume(returning: .closed) }
        }
        if let failure { throw failure }
    }

    /// Does `jobs` in their order; writes that stand together become groups.
    private static func perform(_ jobs: [Job], _ log: FileLog) {
        var batches: [WriteBatch] = []
        var waiting: [CheckedContinuation<StoreError?, Never>] = []
        func commit() {
            for (outcome, continuation) in zip(log.commit(batches), waiting) { continuation.resume(returning: outcome) }
            (batches, waiting) = ([], [])
        }
        for job in jobs {
            switch job {
            case .write(let batch, let continuation):
                batches.append(batch)
                waiting.append(continuation)
            case .run(let work, let continuation):
                commit()
                do throws(StoreError) {
                    try work(log)
                    continuation.resume(returning: nil)
                } catch { continuation.resume(returning: error) }
            }
        }
        commit()
        if log.startsCompaction() { Thread.detachNewThread { log.compactInBackground() } }
    }
}

/// Does long work that blocks on a thread of its own.
func onThread<Result: Sendable>(
    _ work: @escaping @Sendable () throws(StoreError) -> Result
) async throws(StoreError) -> Result {
    let outcome = await withCheckedContinuation {
        (continuation: CheckedContinuation<Swift.Result<Result, StoreError>, Never>) in
        Thread.detachNewThread {
            do throws(StoreError) {
                continuation.resume(returning: .success(try work()))
            } catch { continuation.resume(returning: .failure(error)) }
        }
    }
    return try outcome.get()
}
