import KeyVaultFormat
import Synchronization

extension FileLog {
    /// Whether more than half of the log, and more than a little, is of no use; at most one caller is told so, and none while the log
    /// is rewritten.
    package func startsCompaction() -> Bool {
        let isWorthIt = shared.withLock { shared in
            let garbage = shared.end - min(shared.end, shared.index.liveBytes)
            return !shared.isClosed && shared.refusal == nil && shared.end >= shared.compactionResumesAt
                && garbage > max(shared.index.liveBytes, settings.compactionMinimum)
        }
        return isWorthIt && compactions.compareExchange(expected: 0, desired: 1, ordering: .relaxed).exchanged
    }

    /// What ``startsCompaction()`` asked for. After a failure the next try comes when the log has doubled.
    package func compactInBackground() {
        defer { compactions.subtract(1, ordering: .relaxed) }
        do throws(StoreError) { try rewrite() } catch { shared.withLock { $0.compactionResumesAt = $0.end * 2 } }
    }

    /// Rewrites the log into a new generation (SPEC.md section 7.2.7).
    package func compact() throws(StoreError) {
        compactions.add(1, ordering: .relaxed)
        defer { compactions.subtract(1, ordering: .relaxed) }
        try rewrite()
    }

    private func rewrite() throws(StoreError) {
        // Before the lock, which in a child that `fork` made may be held by a thread that is not there.
        try checkPlace()
        try compaction.withLock { _ throws(StoreError) in
            let (log, index, head, end) = try withShared { shared throws(StoreError) in
                (shared.log, shared.lendIndex(), shared.head, shared.end)
            }
            let places = index.places
            var rewrite = try Rewrite(of: log, paths, layer, settings, rows: places.count)
            do throws(StoreError) {
                if let head { try rewrite.append(head) }
                for place in places {
                    try checkUsable()
                    try rewrite.appendRow(at: place)
                }
                try rewrite.writeCheckpoint()
                // What is appended meanwhile is copied while others still write, until so little is left that they can wait.
                var (copied, last) = (end, UInt64.max)
                while true {
                    let now = try withShared { shared throws(StoreError) in shared.end }
                    let length = now - copied
                    // Or until they write as fast as this copies.
                    if length < UInt64(settings.chunk) || length > last / 2 { break }
                    try rewrite.appendFrames(from: copied, to: now)
                    (copied, last) = (now, length)
                }
                try rewrite.sync()
                try finish(&rewrite, copied)
            } catch {
                if !rewrite.isInPlace { rewrite.abandon() }
                throw error
            }
        }
    }

    /// Copies the rest with no writer at work, and puts the new generation in place.
    private func finish(_ rewrite: inout Rewrite, _ copied: UInt64) throws(StoreError) {
        try writer.withLock { writer throws(StoreError) in
            let end = try withShared { shared throws(StoreError) in shared.end }
            try rewrite.appendFrames(from: copied, to: end)
            try rewrite.finish()
            // Whatever has come to lie there instead is not ours to replace.
            try checkPlace()
            // Who looks whether the log is in its place finds one of both there, and nobody waits for the renaming.
            shared.withLock { $0.incoming = rewrite.log }
            do throws(StoreError) { try rewrite.takePlace() } catch {
                shared.withLock { $0.incoming = nil }
                throw error
            }
            var (index, order) = (rewrite.takeIndex(), ScanOrder())
            shared.withLock { shared in
                (shared.log, shared.incoming) = (rewrite.log, nil)
                // What was there is freed outside.
                swap(&shared.index, &index)
                swap(&shared.order, &order)
                shared.isIndexLent = false
                shared.end = rewrite.end
                shared.refusal = nil
                shared.compactionResumesAt = 0
            }
            writer = Writer(
                sequence: rewrite.sequence, unproven: [], endsWithCheckpoint: true,
                headOffset: rewrite.replay.headOffset, size: rewrite.end)
            do throws(StoreError) { try rewrite.syncPlace() } catch {
                refuseWrites()
                throw error
            }
        }
    }
}
