import class Foundation.Thread

/// Does long work that blocks on a thread of its own: no thread of the cooperative pool may wait for a disk, or compute for long.
package func onThread<Result: Sendable, Failure: Error>(
    named name: String, _ work: @escaping @Sendable () throws(Failure) -> Result
) async throws(Failure) -> Result {
    let outcome = await withCheckedContinuation {
        (continuation: CheckedContinuation<Swift.Result<Result, Failure>, Never>) in
        let thread = Thread { continuation.resume(returning: Swift.Result { () throws(Failure) in try work() }) }
        thread.name = name
        thread.start()
    }
    return try outcome.get()
}
