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
        let hint = IndexHint.encoded(
            index, headOffset: writer.headOffset, floor: floor, checkpoint: end, generation: log.header.generation)
        let isThere = (try? writeHint(hint.bytes)) != nil
        if !isThere { try? layer.remove(paths.newHint) }
        var bytes: [UInt8] = []
        Frame.append(
            isThere ? .checkpoint(hintEntries: UInt64(index.count), hintChecksum: hint.checksum) : .plainCheckpoint,
            sequence: writer.sequence + 1, mark: end, continues: false, seed: log.header.frameSeed, to: &bytes)
        try append(bytes, &writer)
        writer.endsWithCheckpoint = true
    }

    private func writeHint(_ bytes: [UInt8]) throws(FileError) {
        let file = try layer.create(paths.newHint)
        try file.writeFully(bytes, at: 0)
        try layer.rename(paths.newHint, to: paths.hint)
    }
}
