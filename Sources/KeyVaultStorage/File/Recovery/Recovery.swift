/// Reads a log as SPEC.md section 7.2.6 says: to its end, to a torn tail, or to damage.
struct Recovery {
    private let log: LogFile
    private let chunk: Int
    private(set) var replay: Replay
    /// Behind the last complete batch.
    private(set) var end: UInt64
    /// Of the last frame before ``end``.
    private(set) var sequence: UInt64
    /// The log is known to be durable up to here.
    private(set) var mark: UInt64
    /// Whether the last frame before ``end`` is a checkpoint.
    private(set) var endsWithCheckpoint: Bool
    /// Where the file ends.
    private(set) var size: UInt64

    /// Reads `log`, from the checkpoint of `hint` on where there is one.
    ///
    /// Nothing is changed on disk; see ``repairTail()``.
    init(_ log: LogFile, hint: IndexHint?, chunk: Int = 1 << 20) throws(StoreError) {
        self.log = log
        self.chunk = chunk
        size = try log.size()
        if let hint {
            replay = hint.replay
            (end, sequence, mark) = (hint.end, hint.sequence, hint.checkpoint)
        } else {
            replay = Replay(log)
            (end, sequence, mark) = (UInt64(LogHeader.length), 0, UInt64(LogHeader.length))
        }
        endsWithCheckpoint = hint != nil
        try read()
    }

    /// What the log says before its first invalid frame.
    private mutating func read() throws(StoreError) {
        var reader = FrameReader(log, from: end, to: size, chunk: chunk)
        var last = sequence
        while true {
            let start = reader.offset
            guard let frame = try reader.next(), frame.sequence == last + 1 else {
                reader = FrameReader(log, from: start, to: size, chunk: chunk)
                break
            }
            last = frame.sequence
            mark = max(mark, frame.mark)
            try reader.withFrameBytes { bytes throws(StoreError) in try replay.take(frame, bytes, at: start) }
            if !frame.continues {
                (end, sequence) = (reader.offset, last)
                endsWithCheckpoint = frame.type == LogEntry.checkpointType
            }
        }
        replay.dropBatch()
        guard end < size else { return }
        let invalid = reader.offset
        guard mark <= end, try !showsSyncedFrame(from: &reader, last: last) else {
            throw .damaged(log.path, at: invalid, "what was synced is not whole")
        }
    }

    /// Whether a frame behind the first invalid one bears witness that what lies before it had been synced.
    private func showsSyncedFrame(from reader: inout FrameReader, last: UInt64) throws(StoreError) -> Bool {
        var left = min(size - reader.offset, .max / 8) * 8
        while reader.offset < size {
            guard let length = try reader.nextLength(), reader.offset + UInt64(length) <= size else {
                reader.skip(1)
                continue
            }
            guard left >= UInt64(length) else { return true }
            left -= UInt64(length)
            guard let frame = try reader.next() else {
                reader.skip(1)
                continue
            }
            if frame.sequence > last, frame.mark > end { return true }
        }
        return false
    }

    /// Cuts a torn tail, and makes durable what may not be.
    ///
    /// - Parameter block: what lies behind the end in its block becomes zeros (SPEC.md section 7.2.6, rule 5).
    /// - Returns: a checkpoint at the end that nothing bears witness of, to be written again with the next batch; else empty.
    mutating func repairTail(block: UInt64) throws(StoreError) -> [UInt8] {
        do throws(FileError) {
            do { try log.file.writeFully(LogFile.rest(ofBlock: block, behind: end), at: end) } catch {
                // A full disk must not keep a log from being read. One that is not written over in place has nothing there.
                guard error.isFull else { throw error }
            }
            try log.file.truncateFully(to: end)
            // Without a cut too: whoever had the log before may have died between a cut of its own and the sync.
            try log.file.sync()
        } catch { throw error.doing("recovered", log.path) }
        size = end
        if endsWithCheckpoint, end - mark == UInt64(LogEntry.checkpointLength) {
            return try log.read(LogEntry.checkpointLength, at: mark)
        }
        guard mark < end else { return [] }
        while mark < end {
            let bytes = try log.read(Int(min(UInt64(chunk), end - mark)), at: mark)
            guard !bytes.isEmpty else { throw .damaged(log.path, at: mark, "the file has become shorter") }
            do { try log.file.writeFully(bytes, at: mark) } catch { throw error.doing("recovered", log.path) }
            mark += UInt64(bytes.count)
        }
        do { try log.file.sync() } catch { throw error.doing("recovered", log.path) }
        return []
    }
}
