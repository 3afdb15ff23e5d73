/// The one thread that writes to a log, so that no sync ever blocks a thread of the cooperative pool.
///
/// While it syncs, what other tasks want to write gathers; all of that is then one group with one sync.
final class WriterThread: Sendable {
    private let log: FileLog
    /// What the thread and this object share; the thread does not keep this object alive.
    private let queue: GroupQueue
    private let closed = Completion()

    init(_ log: FileLog) throws(StoreError) {
        let queue = GroupQueue(log)
        (self.log, self.queue) = (log, queue)
        let isStarted = SystemThread.start(named: "KeyVault writer") {
            while let load = queue.take() { queue.perform(load) }
        }
        guard isStarted else { throw .noThread }
    }

    func write(_ batch: WriteBatch) async throws(StoreError) {
        try await wait { continuation throws(StoreError) in try queue.add(batch, continuation) }
    }

    /// Does `work` between two groups.
    func run(_ work: @escaping @Sendable (FileLog) throws(StoreError) -> Void) async throws(StoreError) {
        try await wait { continuation throws(StoreError) in try queue.add(continuation, work) }
    }

    /// Finishes what waits, and closes the log. Whoever comes later waits for the same end.
    func close() async {
        // In a child that `fork` made there is no thread to wait for.
        guard log.isOfThisProcess else { return }
        try? await wait { continuation throws(StoreError) in
            try queue.add(isLast: true, continuation) { [closed] log in
                log.close()
                closed.finish()
            }
        }
        await closed.wait()
    }

    /// Finishes what waits, and leaves the log as a crash would.
    func stop() { if log.isOfThisProcess { queue.close() } }

    private func wait(_ add: (GroupQueue.Continuation) throws(StoreError) -> Void) async throws(StoreError) {
        // In a child that `fork` made there is no thread to wait for.
        try log.checkProcess()
        let failure = await withCheckedContinuation { continuation in
            do throws(StoreError) { try add(continuation) } catch { continuation.resume(returning: error) }
        }
        if let failure { throw failure }
    }
}
