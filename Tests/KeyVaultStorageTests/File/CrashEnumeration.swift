import KeyVaultFormat
import KeyVaultStorage
import KeyVaultTesting
import TestSupport

/// Runs a workload on a simulated disk, cuts the power at every point that can be told apart, and checks what is there then.
struct CrashEnumeration {
    /// What the disk had been asked for when a batch was begun, and when it was acknowledged.
    private struct Call {
        /// Operations before the call.
        let start: Int
        /// Operations when it returned.
        let end: Int
        /// Batches acknowledged then.
        let acknowledged: Int
    }

    /// How a recovered store may be wrong.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    static let path = "/d/v"
    /// All subsets of so many unsynced operations are tried, and random ones of more.
    static let subsetLimit = 12
    private static let randomSubsets = 4096

    let workload: LogWorkload
    /// How often the store was opened on what a power cut had left.
    private(set) var states = 0
    /// The most operations that a sync was still to come for, at one point.
    private(set) var mostUncertain = 0
    private var calls: [Call] = []
    private var trace: [DiskOperation] = []
    private var random: SplitMix64
    private let wantedStates: Int
    private var settings = FileLog.Settings()

    /// - Parameters:
    ///   - chunk: How much a compaction writes at a time: a little, so that there are many writes, and they can be reordered.
    ///   - block: A little as well, so that many writes make the file longer, and many others do not.
    init(_ workload: LogWorkload, seed: UInt64, chunk: Int, block: UInt64, wantedStates: Int) throws {
        self.workload = workload
        (settings.chunk, settings.block) = (chunk, block)
        self.wantedStates = wantedStates
        random = SplitMix64(seed: seed)
        try record()
    }

    /// Runs the workload once, and notes what it asked of the disk.
    private mutating func record() throws {
        let disk = SimulatedDisk()
        let log = try FileLog(Self.path, creating: true, layer: disk, settings: settings)
        var acknowledged = 0
        var start = disk.trace.count
        try log.create(header: LogWorkload.header, generation: 1)
        calls.append(Call(start: start, end: disk.trace.count, acknowledged: 1))
        acknowledged = 1
        for step in workload.steps {
            start = disk.trace.count
            switch step {
            case .write(let batches):
                for failure in log.commit(batches) { if let failure { throw failure } }
                acknowledged += batches.count
            case .compact: try log.compact()
            }
            calls.append(Call(start: start, end: disk.trace.count, acknowledged: acknowledged))
        }
        log.close()
        trace = disk.trace
    }

    /// Cuts the power at every operation, and leaves the processor to other tests in between.
    mutating func run() async throws {
        var disk = UnsyncedDisk(DiskImage())
        try check(disk, at: 0)
        for (index, operation) in trace.enumerated() {
            disk.apply(operation)
            try check(disk, at: index + 1)
            await Task.yield()
            guard states < wantedStates else { return }
        }
    }

    /// Every image that a power cut after `count` operations may leave.
    private mutating func check(_ disk: UnsyncedDisk, at count: Int) throws {
        let allowed = allowed(at: count)
        let uncertain = disk.uncertain
        mostUncertain = max(mostUncertain, uncertain.count)
        if uncertain.count <= Self.subsetLimit {
            for subset in 0..<(1 << uncertain.count) {
                try check(disk.image { subset >> $0 & 1 == 1 }, allowed)
            }
        } else {
            for _ in 0..<Self.randomSubsets {
                var kept = SplitMix64(seed: random.next())
                let chosen = uncertain.map { _ in kept.below(2) == 1 }
                try check(disk.image { chosen[$0] }, allowed)
            }
        }
        guard case .write(let file, let offset, let bytes) = uncertain.last else { return }
        let whole = disk.image { _ in true }
        // Of the zeros at its end one is like another.
        let distinct = min(bytes.count, (bytes.lastIndex { $0 != 0 } ?? 0) + 2)
        for length in 0..<distinct {
            let image = disk.image(.bytes(length)) { _ in true }
            try check(image, allowed)
            // The parts of one write reach the disk in any order: some are missing, and what lies behind them is there.
            var torn = whole
            let missing = 1 + Int(random.below(UInt64(bytes.count - length)))
            let filler = UInt8(random.below(2) * random.below(256))
            torn.files[file].replaceSubrange(
                (offset + length)..<(offset + length + missing), with: repeatElement(filler, count: missing))
            try check(torn, allowed)
            guard image.names[Self.path] == file else { continue }
            // The size had reached the disk and the bytes had not, or others are in their place.
            for tail in tails(bytes.count - length, image.files[file]) where random.below(2) == 0 {
                var extended = image
                let (start, old) = (offset + length, image.files[file])
                extended.files[file] = old[..<start] + tail + old.dropFirst(start + tail.count)
                try check(extended, allowed)
            }
        }
        // The bytes had reached the disk and the size had not; or the size alone.
        for part in [DiskImage.Part.withoutSize, .sizeAlone] { try check(disk.image(part) { _ in true }, allowed) }
    }

    private mutating func tails(_ left: Int, _ file: [UInt8]) -> [[UInt8]] {
        let garbage = (0..<left).map { _ in UInt8(random.below(256)) }
        return [
            [UInt8](repeating: 0, count: left), [UInt8](repeating: 0, count: left + 23),
            garbage, garbage + garbage.prefix(7),
            // Blocks that belonged to an earlier part of the same file.
            Array(file.dropFirst(36).prefix(left)),
        ]
    }

    /// The batches that a store may hold after `count` operations: all that were acknowledged, and some in flight.
    private func allowed(at count: Int) -> ClosedRange<Int> {
        let acknowledged = calls.last { $0.end <= count }?.acknowledged ?? 0
        let begun = calls.first { $0.end > count }.map { $0.start <= count ? $0.acknowledged : acknowledged }
        return acknowledged...max(acknowledged, begun ?? acknowledged)
    }

    // MARK: Recovery

    private mutating func check(_ image: DiskImage, _ allowed: ClosedRange<Int>) throws {
        let disk = SimulatedDisk(image)
        let found = try recovered(disk, allowed)
        let trace = disk.trace
        try expectSame(found, disk.image)
        // Then the power goes once more, in the midst of the recovery; of one in eight, since most are alike.
        guard trace.contains(where: \.isChange), random.below(8) == 0 else { return }
        if random.below(2) == 0 { try checkWriting(after: image, found) }
        var again = UnsyncedDisk(image)
        for operation in trace {
            again.apply(operation)
            let uncertain = again.uncertain
            for subset in 0..<(1 << min(uncertain.count, 4)) {
                try recheck(again.image { subset >> $0 & 1 == 1 }, found)
            }
            if case .write(_, _, let bytes) = uncertain.last {
                for length in stride(from: 1, to: bytes.count, by: 1 + bytes.count / 4) {
                    try recheck(again.image(.bytes(length)) { _ in true }, found)
                }
            }
        }
    }

    /// A store that was recovered takes the first change of the batch that it may have lost; that begins where the lost one
    /// did and is as long, so that whatever is left behind it would fit on. Then the power goes.
    private mutating func checkWriting(after image: DiskImage, _ count: Int) throws {
        guard (1...workload.batches.count).contains(count) else { return }
        let (before, lost) = (contents(count), workload.batches[count - 1])
        let batch = WriteBatch(generation: lost.generation, changes: Array(lost.changes.prefix(1)))
        let disk = SimulatedDisk(image)
        let log = try FileLog(Self.path, creating: true, layer: disk, settings: settings)
        let opening = disk.trace.count
        if let failure = log.commit([batch])[0] { throw failure }
        let after = try Contents(log)
        var again = UnsyncedDisk(image)
        for (index, operation) in disk.trace.enumerated() {
            again.apply(operation)
            let isAcknowledged = index == disk.trace.count - 1
            for subset in 0..<(1 << min(again.uncertain.count, 4)) {
                states += 1
                let left = again.image { subset >> $0 & 1 == 1 }
                try expect(
                    left, isAcknowledged ? [after] : [before, after],
                    "a crash in the write after the recovery of \(count)")
            }
            // Amid the opening, which has shown nothing yet, the lost batch may still turn up.
            let landed = index < opening ? [contents(count + 1)] : []
            try expect(
                again.image(.sizeAlone) { _ in true }, isAcknowledged ? [after] : [before, after] + landed,
                "a size alone, after the recovery of \(count),")
        }
    }

    private func expect(_ image: DiskImage, _ allowed: [Contents], _ what: String) throws {
        let found = try Contents(FileLog(Self.path, creating: true, layer: SimulatedDisk(image)))
        guard allowed.contains(found) else { throw Failure(description: "\(what) gives \(found)") }
    }

    /// What was found once is found again: nothing of it was shown before it was durable.
    private mutating func recheck(_ image: DiskImage, _ expected: Int) throws {
        let found = try recovered(SimulatedDisk(image), 0...(workload.contents.count))
        guard contents(found) == contents(expected) else {
            throw Failure(description: "a crash in the recovery of state \(expected) gives \(found)")
        }
    }

    /// A second opening of what the first one left gives the same.
    private mutating func expectSame(_ expected: Int, _ image: DiskImage) throws {
        let found = try recovered(SimulatedDisk(image), expected...expected)
        guard found == expected else { throw Failure(description: "opening twice gives \(expected), then \(found)") }
    }

    /// How many batches the store on `disk` holds, the creation being the first.
    private mutating func recovered(_ disk: SimulatedDisk, _ allowed: ClosedRange<Int>) throws -> Int {
        states += 1
        let log: FileLog
        do throws(StoreError) { log = try FileLog(Self.path, creating: true, layer: disk) } catch {
            throw Failure(description: "batches \(allowed) are refused: \(error) \(disk.image)")
        }
        let found = try Contents(log)
        for count in allowed where found == contents(count) { return count }
        throw Failure(description: "batches \(allowed) are expected, and none of these states found: \(found)")
    }

    private func contents(_ count: Int) -> Contents {
        count == 0 ? Contents(head: nil, rows: []) : workload.contents[count - 1]
    }
}

extension DiskOperation {
    fileprivate var isChange: Bool {
        switch self {
        case .write, .truncate: true
        default: false
        }
    }
}
