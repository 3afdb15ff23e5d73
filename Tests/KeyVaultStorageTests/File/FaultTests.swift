import KeyVaultFormat
import KeyVaultStorage
import KeyVaultTesting
import TestSupport
import Testing

/// Every operation fails, once and for ever, with each of the errors that it may fail with.
@Suite struct FaultTests {
    static let faults: [SimulatedDisk.Fault] = [.error(.inputOutput), .error(.noSpace), .error(.interrupted), .short]

    @Test(arguments: faults, [true, false])
    func everyOperationMayFail(_ fault: SimulatedDisk.Fault, once: Bool) async throws {
        let workloads: UInt64 = Proof.isOn ? 40 : 3
        for seed in 1...workloads {
            let workload = try await LogWorkload(seed: seed, steps: 9, compactsEvery: 4)
            let undisturbed = try await Undisturbed(workload)
            #expect(undisturbed.calls > 40)
            for call in 0..<undisturbed.calls {
                // Other tests wait for the processor.
                await Task.yield()
                do {
                    var run = FaultRun(workload, random: SplitMix64(seed: seed))
                    try await run.run(failing: once ? call..<(call + 1) : call..<Int.max, with: fault)
                    guard !run.disk.struck.isEmpty else { throw Failure(description: "the call was not made") }
                    if once, run.disk.struck.allSatisfy({ isContinued($0, after: fault) }) {
                        try run.expectNothing(unlike: undisturbed.image)
                    }
                } catch {
                    Issue.record("seed \(seed), \(fault) at call \(call): \(error)")
                    return
                }
            }
        }
        Proof.report(
            "each call of \(workloads) workloads failed with \(fault), \(once ? "once" : "for ever"): nothing lost")
    }

    /// Whether the store makes such a call again, or goes on where it stopped (SPEC.md section 7.2.5).
    /// Then the fault shows nowhere.
    private func isContinued(_ call: SimulatedDisk.Call, after fault: SimulatedDisk.Fault) -> Bool {
        switch fault {
        case .error(.interrupted): [.look, .read, .write, .truncate].contains(call)
        case .short: true
        case .error: false
        }
    }
}

private typealias Failure = CrashEnumeration.Failure

/// What a workload comes to on a disk that does not fail.
private struct Undisturbed {
    let calls: Int
    let image: DiskImage

    init(_ workload: LogWorkload) async throws {
        var run = FaultRun(workload, random: SplitMix64(seed: 0))
        try await run.run(failing: 0..<0, with: .short)
        (calls, image) = (run.calls, run.image)
        try run.expectNothing(unlike: image)
    }
}

/// A workload on a disk that fails, and what must hold of it whatever fails.
private struct FaultRun {
    let disk = SimulatedDisk()
    private let workload: LogWorkload
    private var random: SplitMix64
    private var acknowledged = Acknowledged()
    private var failures: [StoreError] = []
    /// As of the end of the workload.
    private(set) var calls = 0
    private(set) var image = DiskImage()

    init(_ workload: LogWorkload, random: SplitMix64) {
        self.workload = workload
        self.random = random
    }

    mutating func run(failing calls: Range<Int>, with fault: SimulatedDisk.Fault) async throws {
        disk.fail(calls, with: fault)
        // A store may hold what was acknowledged, or also the one batch at which the store gave up.
        var allowed = [try await acknowledged.contents()]
        if let log = try opened() {
            allowed = try await work(log)
            log.close()
        }
        (self.calls, image) = (disk.calls, disk.image)
        disk.fail(0..<0, with: .short)
        // The machine loses power; or it goes on, another process opens the store, and then it loses power.
        for _ in 0..<3 {
            let seed = random.next()
            let image = disk.disk
            try expect(SimulatedDisk(image.image { _ in false }), allowed, "after a power cut that keeps nothing")
            try expect(SimulatedDisk(image.image { _ in true }), allowed, "after a power cut that keeps everything")
            try expect(SimulatedDisk(image.image { seed >> UInt64($0 % 64) & 1 == 1 }), allowed, "after a power cut")
            allowed = [try write(after: try expect(disk, allowed, "after a restart"))]
        }
    }

    /// Nothing has failed, and every file is as it should be.
    func expectNothing(unlike undisturbed: DiskImage) throws {
        guard failures.isEmpty else { throw Failure(description: "the fault was not made good: \(failures)") }
        guard image.named == undisturbed.named else {
            throw Failure(description: "the files are others than without the fault")
        }
    }

    /// Notes a failure, which must be for what the disk did.
    private mutating func note(_ failure: StoreError, _ codes: [StoreError.Code] = [.io, .full, .readOnly]) throws {
        guard codes.contains(failure.code) else {
            throw Failure(description: "no failing disk excuses this: \(failure)")
        }
        failures.append(failure)
    }

    /// What is acknowledged after a restart, whatever the process before had left undone.
    private func write(after before: Contents) throws -> Contents {
        let log = try FileLog(CrashEnumeration.path, creating: true, layer: disk)
        if before.head == nil {
            try log.create(header: LogWorkload.header, generation: 1)
        } else {
            let id = try RecordID(tenant: "later", provider: "openai", label: "\(before.rows.count)")
            let key = RecordKey(id: id, revision: (before.head?.revisionFloor ?? 0) + 1)
            let batch = WriteBatch(generation: before.head?.generation ?? 0, changes: [.insert(key, sealed: [1])])
            if let failure = log.commit([batch])[0] { throw failure }
        }
        return try Contents(log)
    }

    private mutating func work(_ log: FileLog) async throws -> [Contents] {
        var creation: StoreError?
        do throws(StoreError) { try log.create(header: LogWorkload.header, generation: 1) } catch { creation = error }
        if let creation { try note(creation) } else { acknowledged.isCreated = true }
        var allowed = [try await acknowledged.contents()]
        if creation != nil, isReadOnly(log) {
            var created = acknowledged
            created.isCreated = true
            allowed.append(try await created.contents())
        }
        for step in workload.steps {
            guard case .write(let batches) = step else {
                // A store that gave up takes writes again when it has been rewritten.
                do {
                    try log.compact()
                    allowed = [try await acknowledged.contents()]
                } catch let failure as StoreError { try note(failure) }
                continue
            }
            for batch in batches {
                guard let expected = try await acknowledged.contents(with: batch) else { continue }
                if let failure = log.commit([batch])[0] {
                    try note(failure)
                    if failure.code != .readOnly, isReadOnly(log) { allowed.append(expected) }
                } else {
                    acknowledged.batches.append(batch)
                    allowed = [expected]
                }
            }
            do {
                let found = try Contents(log)
                guard try await found == acknowledged.contents() else {
                    throw Failure(description: "the open store shows \(found)")
                }
            } catch let failure as StoreError { try note(failure, [.io, .full]) }
        }
        return allowed
    }

    private func isReadOnly(_ log: FileLog) -> Bool { log.commit([WriteBatch(generation: .max)])[0]?.code == .readOnly }

    private mutating func opened() throws -> FileLog? {
        do throws(StoreError) {
            return try FileLog(CrashEnumeration.path, creating: true, layer: disk)
        } catch {
            try note(error, [.io, .full])
            return nil
        }
    }

    @discardableResult
    private func expect(_ disk: SimulatedDisk, _ allowed: [Contents], _ when: String) throws -> Contents {
        let log: FileLog
        do throws(StoreError) {
            log = try FileLog(CrashEnumeration.path, creating: true, layer: disk)
        } catch { throw Failure(description: "\(when) it does not open: \(error)") }
        let found = try Contents(log)
        guard allowed.contains(found) else {
            throw Failure(description: "\(when) it holds \(found), not one of \(allowed)")
        }
        return found
    }
}

/// What a store has acknowledged.
private struct Acknowledged {
    var isCreated = false
    var batches: [WriteBatch] = []

    func contents() async throws -> Contents { try await Contents(model()) }

    /// What there is after one more batch; `nil` where the model refuses it.
    func contents(with batch: WriteBatch) async throws -> Contents? {
        let model = try await model()
        do { try await model.write(batch) } catch {
            guard [.conflict, .staleHeader, .notFound].contains(error.code) else { throw error }
            return nil
        }
        return try await Contents(model)
    }

    private func model() async throws -> MemoryStore {
        let model = MemoryStore()
        if isCreated { try await model.create(header: LogWorkload.header) }
        for batch in batches { try await model.write(batch) }
        return model
    }
}

extension DiskImage {
    /// What has a name. (What had one before a compaction may end with fewer zeros.)
    fileprivate var named: [String: [UInt8]] { names.mapValues { files[$0] } }
}
