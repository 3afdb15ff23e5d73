import CKeyVaultLinux

/// Threads beside those of the cooperative pool, none of which may wait for a disk, or compute for long.
///
/// Foundation's starts a thread without saying whether there is one: where a limit on processes is reached, whoever waits for it
/// waits for ever.
package enum SystemThread {
    /// Starts a thread that does `work`.
    ///
    /// - Parameter name: For debuggers and `top`; Linux takes 15 bytes.
    /// - Returns: `false` where the system gives no thread. Then nothing of `work` is done.
    package static func start(named name: String, _ work: @escaping @Sendable () -> Void) -> Bool {
        let job = unsafe Unmanaged.passRetained(Job(work))
        // The thread takes the one reference that it is handed; where there is no thread, it is given back here. The name outlives
        // the call.
        let error = unsafe keyvault_start_thread(
            name,
            { argument in
                if let job = unsafe argument { unsafe Unmanaged<Job>.fromOpaque(job).takeRetainedValue().work() }
                return nil
            }, job.toOpaque())
        if error != 0 { unsafe job.release() }
        return error == 0
    }

    /// Does `work` on a thread of its own; where the system gives none, on this one: late is better than never.
    package static func run<Result: Sendable, Failure: Error>(
        named name: String, _ work: @escaping @Sendable () throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        let outcome = await withCheckedContinuation {
            (continuation: CheckedContinuation<Swift.Result<Result, Failure>, Never>) in
            let job: @Sendable () -> Void = {
                continuation.resume(returning: Swift.Result { () throws(Failure) in try work() })
            }
            if !start(named: name, job) { job() }
        }
        return try outcome.get()
    }
}

private final class Job: Sendable {
    let work: @Sendable () -> Void

    init(_ work: @escaping @Sendable () -> Void) { self.work = work }
}
