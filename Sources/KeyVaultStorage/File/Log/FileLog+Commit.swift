import KeyVaultFormat
import Synchronization

extension FileLog {
    /// Writes the first header.
    package func create(header: [UInt8], generation: UInt64) throws(StoreError) {
        try writer.withLock { writer throws(StoreError) in
            var plan = try self.plan()
            try plan.add(creation: StoreHead(header: header, generation: generation, revisionFloor: 0))
            try commit(plan, &writer)
        }
    }

    /// The beginning of a group behind all that is there.
    func plan() throws(StoreError) -> GroupPlan {
        try withShared { shared throws(StoreError) in
            if let refusal = shared.refusal { throw refusal }
            return GroupPlan(self, shared.log, head: shared.head, end: shared.end)
        }
    }

    /// Makes `plan` durable.
    ///
    /// - Returns: `false`, with nothing done, where the log does not end any more where the plan begins.
    func commitIfCurrent(_ plan: GroupPlan) throws(StoreError) -> Bool {
        try writer.withLock { writer throws(StoreError) in
            let isCurrent = try withShared { shared throws(StoreError) in
                // First of all: what a plan refuses that was overtaken is of no use either.
                guard shared.log === plan.log, shared.end == plan.start else { return false }
                if let refusal = shared.refusal { throw refusal }
                return true
            }
            if isCurrent { try commit(plan, &writer) }
            return isCurrent
        }
    }

    /// Plans `batches` and makes them durable, with as few syncs as can be.
    ///
    /// - Returns: for each of them what it failed with, if it did.
    package func commit(_ batches: [WriteBatch]) -> [StoreError?] {
        writer.withLock { writer in
            var outcomes: [StoreError?] = []
            while outcomes.count < batches.count {
                outcomes += commitGroup(of: batches[outcomes.count...], &writer)
            }
            return outcomes
        }
    }

    /// Writes as many of `batches` as make one group, at least one.
    private func commitGroup(of batches: ArraySlice<WriteBatch>, _ writer: inout Writer) -> [StoreError?] {
        var outcomes: [StoreError?] = []
        do throws(StoreError) {
            var plan = try self.plan()
            for batch in batches where plan.length < settings.groupLength {
                do throws(StoreError) {
                    try plan.add(batch)
                    outcomes.append(nil)
                } catch { outcomes.append(error) }
            }
            try commit(plan, &writer)
        } catch {
            if outcomes.isEmpty { outcomes = [nil] }
            // A batch that was refused stays refused for the reason it was; the others fail with the disk.
            outcomes = outcomes.map { $0 ?? error }
        }
        return outcomes
    }

    /// Makes `plan` durable, then shows it to readers.
    private func commit(_ plan: GroupPlan, _ writer: inout Writer) throws(StoreError) {
        try checkPlace()
        guard plan.length > 0 else { return }
        var sequence = writer.sequence
        let mark = plan.start - UInt64(writer.unproven.count)
        try append(plan.frames(sequence: &sequence, mark: mark), &writer)
        writer.sequence = sequence
        writer.endsWithCheckpoint = false
        if let offset = plan.headOffset { writer.headOffset = offset }
        takeIndexBack()
        shared.withLock { shared in
            for change in plan.changes {
                switch change {
                case .insert(let entry, let key):
                    shared.index.insert(entry)
                    shared.order.note(key, entry)
                case .move(let entry, let place):
                    shared.index.remove(entry)
                    shared.index.insert(.init(hash: entry.hash, revision: entry.revision, place: place))
                case .remove(let entry): shared.index.remove(entry)
                }
            }
            shared.head = plan.head
            shared.end += UInt64(plan.length)
        }
    }

    /// Gives ``shared`` a table of its own where somebody may be walking over it: copied here, with no reader waiting.
    private func takeIndexBack() {
        guard var index = shared.withLock({ $0.isIndexLent ? $0.index : nil }) else { return }
        index.detach()
        shared.withLock { shared in
            // What was there is freed outside.
            swap(&shared.index, &index)
            shared.isIndexLent = false
        }
    }

    /// Appends `bytes` and syncs them; what fails has the one outcome that SPEC.md section 7.2.5 states.
    ///
    /// A write that makes the file longer fills up its last block, so that most writes leave the file's size alone: a sync that has a
    /// new one to note takes a third longer.
    ///
    /// - Parameter isLast: whether the file is to end with them.
    func append(_ bytes: [UInt8], _ writer: inout Writer, isLast: Bool = false) throws(StoreError) {
        let (log, end) = shared.withLock { ($0.log, $0.end) }
        let start = end - UInt64(writer.unproven.count)
        var bytes = writer.unproven.isEmpty ? bytes : writer.unproven + bytes
        let (length, newEnd) = (bytes.count, start + UInt64(bytes.count))
        if !isLast, newEnd > writer.size { bytes += LogFile.rest(ofBlock: settings.block, behind: newEnd) }
        do {
            // Of the zeros there need not be room for all.
            let written = try log.file.writeFully(bytes, needed: length, at: start)
            writer.size = max(writer.size, start + UInt64(written))
            if isLast, newEnd < writer.size { try log.file.truncateFully(to: newEnd) }
        } catch {
            do {
                try log.file.truncateFully(to: end)
                writer.size = end
                try log.file.sync()
            } catch { refuseWrites() }
            throw error.doing("written", log.path)
        }
        do { try log.file.sync() } catch {
            refuseWrites()
            throw error.doing("synced", log.path)
        }
        writer.unproven = []
    }

    /// What is on disk behind the end is unknown from now on: only a new file helps.
    func refuseWrites() {
        let refusal = StoreError(
            .readOnly,
            "\(paths.log) takes no more writes, since the disk failed in the midst of one. Compact the store, which rewrites "
                + "it into a new file, or open it anew.")
        shared.withLock { $0.refusal = refusal }
    }

    /// For ``GroupPlan``. A plan that a compaction has overtaken may read nonsense where this leads it; it is not current any more.
    func entries(of hash: UInt64) -> [RowIndex.Entry] { shared.withLock { $0.index.entries(of: hash) } }
}
