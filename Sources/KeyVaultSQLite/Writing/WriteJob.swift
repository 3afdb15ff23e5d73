import KeyVaultStorage

/// Something for the writer to do, and the task that waits for it.
struct WriteJob: Sendable {
    enum Work: Sendable {
        case create(header: [UInt8], generation: UInt64)
        case write(WriteBatch)
    }

    /// By which a cancelled task finds its job.
    let number: UInt64
    let work: Work
    let arrival = ContinuousClock.now
    private let continuation: CheckedContinuation<Result<Void, StoreError>, Never>

    init(_ work: Work, number: UInt64, for continuation: CheckedContinuation<Result<Void, StoreError>, Never>) {
        self.work = work
        self.number = number
        self.continuation = continuation
    }

    func finish(_ result: Result<Void, StoreError>) { continuation.resume(returning: result) }
}
