import Synchronization

extension FileLog {
    /// Ends every use, with a checkpoint where one can be written. Twice is once.
    package func close() {
        // In a child that `fork` made a lock may be held by a thread that is not there.
        guard isOfThisProcess else { return }
        writer.withLock { writer in
            guard let isWritable = try? withShared({ shared throws(StoreError) in shared.refusal == nil }) else {
                return
            }
            // Whatever fails here costs the next opening time and nothing else.
            if isWritable, !writer.endsWithCheckpoint {
                do throws(StoreError) {
                    try checkPlace()
                    try writeCheckpoint(&writer)
                } catch {}
            }
            shared.withLock { shared in
                shared.isClosed = true
                shared.index = RowIndex()
                shared.order = ScanOrder()
            }
        }
        // A compaction ends when it finds the log closed; only then may another process have the files.
        if shared.withLock({ $0.isClosed }) { compaction.withLock { _ in lock.withLock { $0 = nil } } }
    }

    private func writeCheckpoint(_ writer: inout Writer) throws(StoreError) {
        let (log, index, floor, end) = shared.withLock { ($0.log, $0.index, $0.head?.revisionFloor ?? 0, $0.end) }
        let checkpoint = IndexHint.write(
            index, headOffset: writer.headOffset, floor: floor, checkpoint: end, generation: log.header.generation,
            paths,
            layer)
        IndexHint.takePlace(paths, layer)
        var bytes: [UInt8] = []
        Frame.append(
            checkpoint, sequence: writer.sequence + 1, mark: end, continues: false, seed: log.header.frameSeed,
            to: &bytes)
        try append(bytes, &writer, isLast: true)
        writer.endsWithCheckpoint = true
    }
}
