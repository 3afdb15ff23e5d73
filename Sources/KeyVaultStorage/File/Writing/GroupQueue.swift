/// What waits to be written to a log, by the one thread that writes to it.
///
/// A batch is planned by whoever brings it, while the thread has the group before in hand: so the processors share the work, and
/// a group is ready when its turn comes. Such a plan builds on a group that may yet fail: then, and where the log has changed
/// otherwise, all that waits is planned anew.
package final class GroupQueue: Sendable {
    package typealias Continuation = CheckedContinuation<StoreError?, Never>

    /// What the thread takes in hand at once.
    package struct Load: Sendable {
        /// The group of the first ``plannedCount`` writes.
        fileprivate var plan: GroupPlan?
        fileprivate var plannedCount = 0
        fileprivate var writes: [Write] = []
        fileprivate var jobs: [Job] = []
    }

    fileprivate struct Write {
        let batch: WriteBatch
        /// Whether planning it is quick as a rule, so that it may be done under the lock that others wait for.
        let isQuicklyPlanned: Bool
        /// What planning it came to; `nil` where it is not planned yet, too.
        let failure: StoreError?
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
        // Outside of the lock, where nobody waits for the disk.
        let known = log.currentRows(of: batch)
        let isFirst = try state.withLock { state throws(StoreError) in
            guard !state.isClosed else { throw .closed }
            try state.add(batch, isQuicklyPlanned: known != nil, known ?? [], continuation, log)
            return state.writes.count == 1
        }
        if isFirst { arrivals.signal() }
    }

    /// Adds something to be done between two groups, behind the writes that wait.
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
            let (failures, isAsPlanned) = commit(load)
            for (write, failure) in zip(load.writes, failures) { write.continuation.resume(returning: failure) }
            if !isAsPlanned {
                let refused = state.withLock { $0.planAnew(log) }
                for (continuation, failure) in refused { continuation.resume(returning: failure) }
            }
        }
        for job in load.jobs {
            do throws(StoreError) {
                try job.work(log)
                job.continuation.resume(returning: nil)
            } catch { job.continuation.resume(returning: error) }
        }
        guard log.startsCompaction() else { return }
        // Where the system gives no thread, writers wait meanwhile.
        let isUnderWay = SystemThread.start(named: "KeyVault file") { [log] in log.compactInBackground() }
        if !isUnderWay { log.compactInBackground() }
    }

    /// - Returns: for each write what it failed with, if it did; and whether all came to what was planned, and what waits may
    ///   build on it.
    private func commit(_ load: Load) -> (failures: [StoreError?], isAsPlanned: Bool) {
        let planned = load.writes.prefix(load.plannedCount)
        var failures: [StoreError?] = []
        var isAsPlanned = false
        if let plan = load.plan {
            do throws(StoreError) {
                isAsPlanned = try log.commitIfCurrent(plan)
                if isAsPlanned { failures = planned.map(\.failure) }
            } catch { failures = planned.map { $0.failure ?? error } }
        }
        let others = load.writes.dropFirst(failures.count)
        guard !others.isEmpty else { return (failures, isAsPlanned) }
        return (failures + log.commit(others.map(\.batch)), false)
    }
}

private struct State {
    /// The group of the first ``plannedCount`` writes, upon which the next batch is planned; where there is none, upon what the
    /// log holds.
    private var plan: GroupPlan?
    private var plannedCount = 0
    /// Whether a write waits or is in hand that is not planned yet, so that none can be planned upon it.
    private var hasUnplanned = false
    private(set) var writes: [GroupQueue.Write] = []
    var jobs: [GroupQueue.Job] = []
    var isClosed = false

    mutating func add(
        _ batch: WriteBatch, isQuicklyPlanned: Bool, _ known: [CurrentRow], _ continuation: GroupQueue.Continuation,
        _ log: FileLog
    ) throws(StoreError) {
        if !isQuicklyPlanned || plan?.length ?? 0 >= log.settings.groupLength { hasUnplanned = true }
        var failure: StoreError?
        if !hasUnplanned {
            var group = if let open = plan.take() { open } else { try log.plan() }
            do throws(StoreError) { try group.add(batch, known) } catch { failure = error }
            plan = group
            plannedCount += 1
        }
        writes.append(
            GroupQueue.Write(
                batch: batch, isQuicklyPlanned: isQuicklyPlanned, failure: failure, continuation: continuation))
    }

    /// Called with nothing in hand any more.
    mutating func take() -> GroupQueue.Load {
        // What is no longer needed leaves with the load, and is freed outside of the lock.
        let load = GroupQueue.Load(plan: plan.take(), plannedCount: plannedCount, writes: writes, jobs: jobs)
        (plannedCount, writes, jobs) = (0, [], [])
        if load.writes.isEmpty {
            hasUnplanned = false
        } else if !hasUnplanned {
            plan = load.plan.map(GroupPlan.init(after:))
        }
        return load
    }

    /// Called with nothing in hand any more.
    ///
    /// - Returns: whom there is no use in waiting for.
    mutating func planAnew(_ log: FileLog) -> [(GroupQueue.Continuation, StoreError)] {
        let waiting = writes
        (plan, plannedCount, hasUnplanned, writes) = (nil, 0, false, [])
        var refused: [(GroupQueue.Continuation, StoreError)] = []
        for write in waiting {
            do throws(StoreError) {
                try add(write.batch, isQuicklyPlanned: write.isQuicklyPlanned, [], write.continuation, log)
            } catch {
                refused.append((write.continuation, error))
            }
        }
        return refused
    }
}
