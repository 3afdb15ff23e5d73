/// A disk with what has not reached it for certain.
package struct UnsyncedDisk: Sendable {
    private struct Step: Sendable {
        let operation: DiskOperation
        var isCertain = false
        /// It was part of a sync that failed: no later sync makes it durable, since it counts as written.
        var isLost = false
    }

    /// What is there after a power cut in any case.
    private var durable: DiskImage
    /// What came after, in the order in which it was asked for; the first one is not certain.
    private var steps: [Step] = []

    package init(_ durable: DiskImage) { self.durable = durable }

    /// What may have reached the disk or not.
    package var uncertain: [DiskOperation] { steps.filter { !$0.isCertain }.map(\.operation) }

    package mutating func apply(_ operation: DiskOperation) {
        switch operation {
        case .sync(let file): settle { $0.changes(file: file) }
        case .syncDirectory: settle(\.changesDirectory)
        default: steps.append(Step(operation: operation))
        }
    }

    /// A sync failed: the operating system takes the bytes for written from now on, though they may not be.
    package mutating func lose(file: Int) {
        for index in steps.indices where steps[index].operation.changes(file: file) { steps[index].isLost = true }
    }

    /// What a power cut leaves.
    ///
    /// - Parameters:
    ///   - kept: Whether the uncertain operation of this number had reached the disk.
    ///   - part: What of the last uncertain operation had.
    package func image(_ part: DiskImage.Part = .all, keeping kept: (Int) -> Bool) -> DiskImage {
        var (image, number) = (durable, 0)
        let last = steps.lastIndex { !$0.isCertain }
        for (index, step) in steps.enumerated() {
            if step.isCertain || kept(number) { image.apply(step.operation, index == last ? part : .all) }
            if !step.isCertain { number += 1 }
        }
        return image
    }

    private mutating func settle(_ isCovered: (DiskOperation) -> Bool) {
        for index in steps.indices where !steps[index].isLost && isCovered(steps[index].operation) {
            steps[index].isCertain = true
        }
        let settled = steps.prefix(while: \.isCertain).count
        for step in steps.prefix(settled) { durable.apply(step.operation) }
        steps.removeFirst(settled)
    }
}
