import KeyVaultStorage
import Testing

@testable import KeyVaultSQLite

/// What waits for the writer's thread, without the thread.
@Suite struct WriteQueueTests {
    private let queue = WriteQueue()

    @Test func whoIsCancelledBeforehandLeavesNoJobBehind() async throws {
        let task = Task {
            // The task itself, which is there while this runs.
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            try await queue.submit(.create(header: [1], generation: 1))
        }
        await expectError(.cancelled) { try await task.value }
        #expect(queue.jobCount == 0)
    }

    @Test func whoIsCancelledWhileWaitingTakesTheJobBack() async throws {
        let (one, other) = (
            Task { try await queue.submit(.create(header: [1], generation: 1)) },
            Task { try await queue.submit(.create(header: [2], generation: 1)) }
        )
        while queue.jobCount < 2 { await Task.yield() }
        one.cancel()
        await expectError(.cancelled) { try await one.value }
        let jobs = queue.takeJobs(atMost: 9)
        #expect(jobs.count == 1)
        // Taken out: it is too late for the other one.
        other.cancel()
        for job in jobs { job.finish(.success(())) }
        try await other.value
    }

    @Test func aClosedQueueTakesNothing() async throws {
        queue.close()
        await expectError(.closed) { try await queue.submit(.create(header: [1], generation: 1)) }
        await expectError(.closed) { _ = try await queue.dataVersion() }
        #expect(queue.jobCount == 0)
    }
}
