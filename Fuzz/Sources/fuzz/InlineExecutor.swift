import Dispatch
import Synchronization

/// Runs a task on the thread that asks for it: a hand-over to another thread costs more than most inputs do.
final class InlineExecutor: TaskExecutor {
    private let jobs = Mutex<[UnownedJob]>([])
    private let arrived = DispatchSemaphore(value: 0)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
        arrived.signal()
    }

    /// Returns when `body` has ended.
    func run(_ body: @escaping @Sendable () async -> Void) {
        let isDone = Atomic(false)
        Task(executorPreference: self) {
            await body()
            isDone.store(true, ordering: .releasing)
        }
        while !isDone.load(ordering: .acquiring) {
            arrived.wait()
            let job = jobs.withLock { $0.removeFirst() }
            // Each job runs once, and this executor outlives all of them.
            unsafe job.runSynchronously(on: asUnownedTaskExecutor())
        }
    }
}
