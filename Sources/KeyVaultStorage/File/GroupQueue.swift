import class Foundation.Thread

/// What waits to be written to a log, by the one thread that writes to it.
///
/// A batch is planned by whoever brings it, while the thread has the group before in hand: so the processors share the work, and
/// a group is ready when its turn comes. Such a plan builds on a group that may yet fail: then, and where the log has changed
/// otherwise, all that waits is planned anew.
package final class GroupQueue: Sendable {
    package typealias Continuation = CheckedContinuation<StoreError?, Never>

    /// What the thread takes in hand at once.
    package struct Load: Sendable {
        /// The group of ``writes``; `nil` where it has yet to be planned.
        fileprivate var plan: GroupPlan?
        fileprivate var writes: [Write] = []
        fileprivate var jobs: [Job] = []
    }

    fileprivate struct Write {
        let batch: WriteBatch
        /// What planning it came to.
        let refusal: StoreError?
        let continuation: Continuation
    }

    fileprivate struct Job {
        let work: @Sendable (FileLog) throws(StoreError) -> Void
        let continuation: Continuation
    }

    private let log: FileLog
    private let state = TracedMutex(State())
    private let arrivals = Arrivals()

    package init(_ log: FileLog) { self.log = log }

    // MARK: For tasks

    /// - Throws: ``StoreError`` where there is no use in waiting.
    package func add(_ batch: WriteBatch, _ continuation: Continuation) throws(StoreError) {
        let isFirst = try state.withLock { state throws(StoreError) in
            guard !state.isClosed else { throw .closed }
            try state.add(batch, continuation, log)
            return state.writes.count == 1
        }
        if isFirst { arrivals.signal() }
    }

    /// Adds something to be done between two groups.
    ///
    /// - Parameter isLast: whether nothing more is taken.
    /// - Throws: ``StoreError`` where there is no use in waiting.
    package func add(
        isLast: Bool = false, _ continuation: Continuation,
        _ work: @escaping @Sendable (FileLog) throws(StoreError) -> Void
    ) throws(StoreError) {
        try state.withLock { state throws(StoreError) in
            guard !state.isClosed else { throw .closed }
            state.jobs.append(Job(work: work, continuation: continuation))
            state.isClosed = isLast
        }
        arrivals.signal()
    }

    func close() {
        state.withLock { $0.isClosed = true }
        arrivals.signal()
    }

    // MARK: For the thread

    /// Everything that waits, once there is something; `nil` when there will be nothing more.
    package func take() -> Load? {
        while true {
            let (load, isClosed) = state.withLock { ($0.take(), $0.isClosed) }
            if !load.writes.isEmpty || !load.jobs.isEmpty { return load }
            if isClosed { return nil }
            arrivals.wait()
        }
    }

    /// Does what was taken last, and says so to whoever waits for it.
    package func perform(_ load: Load) {
        if !load.writes.isEmpty {
            for (write, failure) in zip(load.writes, write(load)) { write.continuation.resume(returning: failure) }
        }
        for job in load.jobs {
            do throws(StoreError) {
                try job.work(log)
                job.continuation.resume(returning: nil)
            } catch { job.continuation.resume(returning: error) }
        }
        if log.startsCompaction() { Thread.detachNewThread { [log] in log.compactInBackground() } }
    }

    /// - Returns: for each write what it failed with, if it did.
    private func write(_ load: Load) -> [StoreError?] {
        let failures: [StoreError?]
        do throws(StoreError) {
            if let plan = load.plan, try log.commit(plan) { return load.writes.map(\.refusal) }
            failures = log.commit(load.writes.map(\.batch))
        } catch {
            failures = load.writes.map { $0.refusal ?? error }
        }
        state.withLock { $0.planAnew(log) }
        return failures
    }
}

private struct State {
    /// The group of ``writes``, upon which the next batch is planned; where there is none, upon what the log holds.
    private var plan: GroupPlan?
    /// Whether a group waits or is in hand that is not planned yet, so that none can be planned upon it.
    private var hasUnplanned = false
    private(set) var writes: [GroupQueue.Write] = []
    var jobs: [GroupQueue.Job] = []
    var isClosed = false

    mutating func add(
        _ batch: WriteBatch, _ continuation: GroupQueue.Continuation, _ log: FileLog
    ) throws(StoreError) {
        if !batch.isQuicklyPlanned || plan?.length ?? 0 >= log.settings.groupLength { hasUnplanned = true }
        var refusal: StoreError?
        if !hasUnplanned {
            if plan == nil { plan = try log.plan() }
            do throws(StoreError) { try plan?.add(batch) } catch { refusal = error }
        }
        writes.append(GroupQueue.Write(batch: batch, refusal: refusal, continuation: continuation))
    }

    /// Called with nothing in hand any more.
    mutating func take() -> GroupQueue.Load {
        var load = GroupQueue.Load()
        swap(&load.writes, &writes)
        swap(&load.jobs, &jobs)
        if load.writes.isEmpty {
            (plan, hasUnplanned) = (nil, false)
        } else if hasUnplanned {
            plan = nil
        } else {
            swap(&load.plan, &plan)
            plan = load.plan.map(GroupPlan.init(after:))
        }
        return load
    }

    /// Called with nothing in hand any more.
    mutating func planAnew(_ log: FileLog) {
        let waiting = writes
        (plan, hasUnplanned, writes) = (nil, false, [])
        for write in waiting {
            do throws(StoreError) { try add(write.batch, write.continuation, log) } catch {
                write.continuation.resume(returning: error)
            }
        }
    }
}

extension WriteBatch {
    /// Whether planning it is so little work that it may be done while others wait who do the same.
    fileprivate var isQuicklyPlanned: Bool {
        changes.count <= 8 && !changes.contains { if case .deleteTenant = $0 { true } else { false } }
    }
}
