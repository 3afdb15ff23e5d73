import Dispatch

/// A thread for tasks that must not share one.
///
/// The library that drives the benchmarks blocks a thread of Swift's pool while a case runs; on a machine with two processors
/// that leaves one.
final class ThreadOfItsOwn: TaskExecutor {
    private let queue = DispatchQueue(label: "benchmark")

    static let all = [ThreadOfItsOwn(), ThreadOfItsOwn(), ThreadOfItsOwn(), ThreadOfItsOwn()]

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
