import KeyVaultFormat
import KeyVaultTesting
import TestSupport
import Testing

@testable import KeyVaultStorage

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
        let first = await queue.bring(try insert("a"))
        let load = try #require(queue.take())
        let others = [await queue.bring(try replace("a", revision: 1)), await queue.bring(try insert("b"))]
        let refused = await queue.bring(try insert("a"))
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
        let first = await queue.bring(try insert("a"))
        let load = try #require(queue.take())
        let replacing = await queue.bring(try replace("a", revision: 1))
        let again = await queue.bring(try insert("a"))
        // Looking for the file and its lock comes before.
        disk.fail((disk.calls + 2)..<(disk.calls + 3), with: .error(.noSpace))
        queue.perform(load)
        #expect(await first.value?.code == .full)
        queue.perform(try #require(queue.take()))
        #expect(await replacing.value?.code == .conflict)
        #expect(await again.value == nil)
        #expect(try Contents(log).rows.map(\.revision) == [1])
    }

    /// The group that comes of planning anew ends just where the one ended that was planned first.
    @Test func whatWaitsBehindAGroupThatIsPlannedAnewIsToo() async throws {
        let first = await queue.bring(try insert("a"))
        var load = try #require(queue.take())
        let again = await queue.bring(try insert("a"))
        disk.fail((disk.calls + 2)..<(disk.calls + 3), with: .error(.noSpace))
        queue.perform(load)
        load = try #require(queue.take())
        let replacing = await queue.bring(try replace("a", revision: 1))
        queue.perform(load)
        queue.perform(try #require(queue.take()))
        #expect(await first.value?.code == .full)
        #expect(await [again.value, replacing.value] == [nil, nil])
    }

    @Test func whatWasPlannedForAnotherGenerationIsPlannedAnew() async throws {
        let batches = [await queue.bring(try insert("a")), await queue.bring(try insert("b"))]
        try log.compact()
        queue.perform(try #require(queue.take()))
        for batch in batches { #expect(await batch.value == nil) }
        let replacing = await queue.bring(try replace("a", revision: 1))
        let load = try #require(queue.take())
        try log.compact()
        let next = await queue.bring(try replace("a", revision: 2))
        queue.perform(load)
        queue.perform(try #require(queue.take()))
        #expect(await [replacing.value, next.value] == [nil, nil])
        #expect(try Contents(log).rows.map(\.revision) == [3, 1])
    }

    @Test func aClosedQueueTakesNothing() async throws {
        let closing = await queue.bringJob(isLast: true) { log in log.close() }
        #expect(await queue.bring(try insert("a")).value == .closed)
        queue.perform(try #require(queue.take()))
        #expect(await closing.value == nil)
        #expect(queue.take() == nil)
    }

    @Test func aBatchThatIsRefusedLeavesNothingBehind() async throws {
        let first = await queue.bring(try insert("a"))
        var refused = try insert("b")
        refused.changes += try replace("nobody", revision: 1).changes
        let second = await queue.bring(refused)
        let third = await queue.bring(try insert("c"))
        queue.perform(try #require(queue.take()))
        #expect(await [first.value, third.value] == [nil, nil])
        #expect(await second.value?.code == .conflict)
        #expect(try Contents(log).rows.map(\.id.tenant) == ["a", "c"])
        #expect(try contents(of: disk).rows.map(\.id.tenant) == ["a", "c"])
    }

    /// Rows are read before the lock is taken under which they are planned upon.
    @Test func aRowThatHasMovedSinceItWasReadIsReadAgain() throws {
        let key = RecordKey(id: try RecordID(tenant: "a", provider: "p"), revision: 1)
        let (old, new) = ([UInt8](repeating: 5, count: 88), [UInt8](repeating: 6, count: 88))
        let rewrap = { (sealed: [UInt8]) in
            WriteBatch(
                generation: 1,
                changes: [.rewrap(key, sealed: sealed, commitment: Array(old[SealedRecord.commitmentRange]))])
        }
        #expect(log.commit([WriteBatch(generation: 1, changes: [.insert(key, sealed: old)])]) == [nil])
        let known = try #require(log.currentRows(of: rewrap(old)))
        #expect(known.count == 1)
        #expect(log.commit([rewrap(new)]) == [nil])
        var plan = try log.plan()
        #expect(throws: StoreError.conflict(over: key.id)) { try plan.add(rewrap(old), known) }
    }

    /// Where a compaction has failed after it had taken the log's place, nothing is written any more, and a verdict on the log
    /// before is of no use.
    @Test func whatAnOvertakenPlanRefusesIsNotTold() async throws {
        var refusals = 0
        for call in 0..<60 {
            let disk = SimulatedDisk()
            let log = try FileLog(CrashEnumeration.path, creating: true, layer: disk)
            try log.create(header: LogWorkload.header, generation: 1)
            let queue = GroupQueue(log)
            let waiting = await queue.bring(try replace("nobody", revision: 1))
            disk.fail((disk.calls + call)..<(disk.calls + call + 1), with: .error(.inputOutput))
            try? log.compact()
            disk.fail(0..<0, with: .short)
            queue.perform(try #require(queue.take()))
            let code = await waiting.value?.code
            #expect(code == .conflict || code == .readOnly)
            guard log.commit([WriteBatch(generation: .max)])[0]?.code == .readOnly else { continue }
            #expect(code == .readOnly)
            refusals += 1
        }
        #expect(refusals > 0)
    }

    /// Batches in an order and at moments at random, on a disk that fails at random, beside compactions: each comes to what a
    /// model says that has taken all that was acknowledged before it.
    @Test(arguments: 1...200) func everyBatchComesToWhatItComesToInTurn(seed: UInt64) async throws {
        var settings = FileLog.Settings()
        // Half of the time so little that a group is soon full.
        if seed.isMultiple(of: 2) { settings.groupLength = 200 }
        let disk = SimulatedDisk()
        let log = try FileLog(CrashEnumeration.path, creating: true, layer: disk, settings: settings)
        try log.create(header: LogWorkload.header, generation: 1)
        let queue = GroupQueue(log)
        let workload = try await LogWorkload(seed: seed, steps: 40)
        let model = MemoryStore()
        try await model.create(header: LogWorkload.header)
        var random = SplitMix64(seed: seed)
        var batches = try workload.batches.flatMap { batch in
            // Now and then the same before it, refused at the end.
            guard random.below(4) == 0 else { return [batch] }
            var refused = batch
            refused.changes += try replace("nobody", revision: 1).changes
            return [refused, batch]
        }[...]
        var waiting: [(WriteBatch, Task<StoreError?, Never>)] = []
        while !batches.isEmpty || !waiting.isEmpty {
            for _ in 0..<random.below(4) {
                if let batch = batches.popFirst() { waiting.append((batch, await queue.bring(batch))) }
            }
            // Something to take, even where nothing waits.
            _ = await queue.bringJob { _ in }
            let load = try #require(queue.take())
            let inHand = waiting
            waiting = []
            for _ in 0..<random.below(4) {
                if let batch = batches.popFirst() { waiting.append((batch, await queue.bring(batch))) }
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
        // What a failed sync may have left there goes.
        if log.commit([WriteBatch(generation: .max)])[0]?.code == .readOnly { try log.compact() }
        #expect(try await contents(of: disk) == Contents(model))
    }

    /// What the log itself says, without a hint.
    private func contents(of disk: SimulatedDisk) throws -> Contents {
        try Contents(
            FileLog(CrashEnumeration.path, creating: false, layer: SimulatedDisk(disk.disk.image { _ in true })))
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

extension GroupQueue {
    /// Returns when `batch` waits.
    fileprivate func bring(_ batch: WriteBatch) async -> Task<StoreError?, Never> {
        await bring { continuation throws(StoreError) in try self.add(batch, continuation) }
    }

    fileprivate func bringJob(
        isLast: Bool = false, _ work: @escaping @Sendable (FileLog) -> Void
    ) async -> Task<StoreError?, Never> {
        await bring { continuation throws(StoreError) in try self.add(isLast: isLast, continuation, work) }
    }

    private func bring(
        _ add: @escaping @Sendable (Continuation) throws(StoreError) -> Void
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
}
