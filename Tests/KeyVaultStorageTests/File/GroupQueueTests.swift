import KeyVaultFormat
import KeyVaultStorage
import KeyVaultTesting
import Testing

/// A queue whose thread is the test: what is brought while a group is in hand, and what becomes of it.
@Suite struct GroupQueueTests {
    private let disk = SimulatedDisk()
    private let log: FileLog
    private let queue: GroupQueue

    init() throws {
        log = try FileLog(CrashEnumeration.path, creating: true, layer: disk)
        try log.create(header: LogWorkload.header, generation: 1)
        queue = GroupQueue(log)
    }

    @Test func whatIsBroughtMeanwhileBuildsOnTheGroupInHand() async throws {
        let first = await bring(try insert("a"))
        let load = try #require(queue.take())
        let others = [await bring(try replace("a", revision: 1)), await bring(try insert("b"))]
        let refused = await bring(try insert("a"))
        queue.perform(load)
        #expect(await first.value == nil)
        let calls = disk.calls
        queue.perform(try #require(queue.take()))
        for other in others { #expect(await other.value == nil) }
        #expect(await refused.value?.code == .conflict)
        // Looking for the file and its lock, one write, one sync: nothing was read.
        #expect(disk.calls == calls + 4)
        #expect(try Contents(log).rows.map(\.revision) == [2, 1])
    }

    @Test func whatBuildsOnAGroupThatFailedIsPlannedAnew() async throws {
        let first = await bring(try insert("a"))
        let load = try #require(queue.take())
        let replacing = await bring(try replace("a", revision: 1))
        let again = await bring(try insert("a"))
        // Looking for the file and its lock comes before.
        disk.fail((disk.calls + 2)..<(disk.calls + 3), with: .error(.noSpace))
        queue.perform(load)
        #expect(await first.value?.code == .full)
        queue.perform(try #require(queue.take()))
        #expect(await replacing.value?.code == .conflict)
        #expect(await again.value == nil)
        #expect(try Contents(log).rows.map(\.revision) == [1])
    }

    @Test func whatWasPlannedForAnotherGenerationIsPlannedAnew() async throws {
        let batches = [await bring(try insert("a")), await bring(try insert("b"))]
        try log.compact()
        queue.perform(try #require(queue.take()))
        for batch in batches { #expect(await batch.value == nil) }
        let replacing = await bring(try replace("a", revision: 1))
        let load = try #require(queue.take())
        try log.compact()
        let next = await bring(try replace("a", revision: 2))
        queue.perform(load)
        queue.perform(try #require(queue.take()))
        #expect(await [replacing.value, next.value] == [nil, nil])
        #expect(try Contents(log).rows.map(\.revision) == [3, 1])
    }

    @Test func aClosedQueueTakesNothing() async throws {
        let closing = await bringJob(isLast: true) { log in log.close() }
        #expect(await bring(try insert("a")).value == .closed)
        queue.perform(try #require(queue.take()))
        #expect(await closing.value == nil)
        #expect(queue.take() == nil)
    }

    /// Batches in an order and at moments at random, on a disk that fails at random, beside compactions: each comes to what a
    /// model says that has taken all that was acknowledged before it.
    @Test(arguments: 1...200) func everyBatchComesToWhatItComesToInTurn(seed: UInt64) async throws {
        let workload = try await LogWorkload(seed: seed, steps: 40)
        let model = MemoryStore()
        try await model.create(header: LogWorkload.header)
        var random = SplitMix(state: seed)
        var batches = workload.batches[...]
        var waiting: [(WriteBatch, Task<StoreError?, Never>)] = []
        while !batches.isEmpty {
            for _ in 0..<random.below(4) {
                if let batch = batches.popFirst() { waiting.append((batch, await bring(batch))) }
            }
            // Something to take, even where nothing waits.
            _ = await bringJob { _ in }
            let load = try #require(queue.take())
            let inHand = waiting
            waiting = []
            for _ in 0..<random.below(4) {
                if let batch = batches.popFirst() { waiting.append((batch, await bring(batch))) }
            }
            switch random.below(8) {
            case 0: try log.compact()
            case 1...3:
                let call = disk.calls + Int(random.below(6))
                disk.fail(call..<(call + 1 + Int(random.below(2))), with: .error(.noSpace))
            default: break
            }
            queue.perform(load)
            disk.fail(0..<0, with: .short)

            var failures: [StoreError?] = []
            for (_, task) in inHand { failures.append(await task.value) }
            let hasDiskFailed = failures.contains { [.full, .io, .readOnly].contains($0?.code) }
            for ((batch, _), failure) in zip(inHand, failures) {
                switch failure?.code {
                case nil: try await model.write(batch)
                case .full, .io, .readOnly: continue
                // It may have been refused for what another of its group did, which then failed.
                case let code:
                    if !hasDiskFailed {
                        let expected = await #expect(throws: StoreError.self) { try await model.write(batch) }
                        #expect(code == expected?.code)
                    }
                }
            }
            #expect(try await Contents(log) == Contents(model))
            if hasDiskFailed, random.below(2) == 0 { try log.compact() }
        }
        try log.compact()
        log.close()
        let reopened = try FileLog(CrashEnumeration.path, creating: false, layer: disk)
        #expect(try await Contents(reopened) == Contents(model))
    }

    // MARK: Bringing

    /// Returns when `batch` waits.
    private func bring(_ batch: WriteBatch) async -> Task<StoreError?, Never> {
        await bring { continuation throws(StoreError) in try queue.add(batch, continuation) }
    }

    private func bringJob(
        isLast: Bool = false, _ work: @escaping @Sendable (FileLog) -> Void
    ) async -> Task<StoreError?, Never> {
        await bring { continuation throws(StoreError) in try queue.add(isLast: isLast, continuation, work) }
    }

    private func bring(
        _ add: @escaping @Sendable (GroupQueue.Continuation) throws(StoreError) -> Void
    ) async -> Task<StoreError?, Never> {
        let (added, isAdded) = AsyncStream.makeStream(of: Never.self)
        let task = Task {
            await withCheckedContinuation { continuation in
                do throws(StoreError) { try add(continuation) } catch { continuation.resume(returning: error) }
                isAdded.finish()
            }
        }
        for await _ in added {}
        return task
    }

    private func insert(_ tenant: String) throws -> WriteBatch {
        WriteBatch(
            generation: 1,
            changes: [.insert(RecordKey(id: try RecordID(tenant: tenant, provider: "p"), revision: 1), sealed: [1])])
    }

    private func replace(_ tenant: String, revision: UInt64) throws -> WriteBatch {
        let key = RecordKey(id: try RecordID(tenant: tenant, provider: "p"), revision: revision + 1)
        return WriteBatch(
            generation: 1,
            changes: [.replace(key, sealed: [2], replacing: revision, commitment: nil, retained: nil)])
    }
}
