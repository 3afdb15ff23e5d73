import KeyVaultFormat

/// A compaction or a repair at work: the rows of one log on their way into the next generation.
struct Rewrite {
    private let old: LogFile
    private let paths: LogPaths
    private let layer: any FileLayer
    private let chunk: Int
    private var new: NewLog
    private(set) var replay: Replay
    private var checkpoint: UInt64 = 0
    private(set) var isInPlace = false

    init(
        of old: LogFile, _ paths: LogPaths, _ layer: any FileLayer, _ settings: FileLog.Settings, rows: Int
    ) throws(StoreError) {
        self.old = old
        self.paths = paths
        self.layer = layer
        chunk = settings.chunk
        new = try NewLog(old.header.next, paths, layer, chunk: settings.chunk)
        replay = Replay(new.log, index: RowIndex(capacity: rows))
    }

    var log: LogFile { new.log }
    var end: UInt64 { new.end }
    var sequence: UInt64 { new.sequence }

    /// The index of the new generation, which this has no use for once it is finished.
    mutating func takeIndex() -> RowIndex { replay.takeIndex() }

    mutating func append(_ head: StoreHead) throws(StoreError) {
        replay.set(head, at: new.end)
        try new.append(.head(head))
    }

    /// Copies a row that is in the new generation for the first time.
    mutating func appendRow(at place: RowIndex.Place) throws(StoreError) {
        let (bytes, hash, revision) = try old.withPut(at: place) { row, _, bytes in
            (bytes.array(0..<bytes.count), old.hash(bytes.extracting(row.range)), row.revision)
        }
        // What was a part of a batch stands for itself now.
        let copy = RowIndex.Place(offset: new.end, length: bytes.count)
        try new.append(copyOf: bytes[...], continues: false)
        replay.insert(RowIndex.Entry(hash: hash, revision: revision, place: copy))
    }

    /// Copies every frame between two offsets of the old log, batch by batch as they are.
    mutating func appendFrames(from start: UInt64, to end: UInt64) throws(StoreError) {
        let first = new.end
        var frames = FrameReader(old, from: start, to: end, chunk: chunk)
        while frames.offset < end {
            let offset = frames.offset
            guard let frame = try frames.next() else { throw .damaged(old.path, at: offset, "a frame") }
            try new.append(copyOf: frames.frameBytes, continues: frame.continues, mark: checkpoint)
        }
        // Replaying compares names with rows that were appended just now.
        try new.flush()
        var copies = FrameReader(new.log, from: first, to: new.end, chunk: chunk)
        while copies.offset < new.end {
            let offset = copies.offset
            guard let frame = try copies.next() else { throw .damaged(new.log.path, at: offset, "a frame") }
            try copies.withFrameBytes { bytes throws(StoreError) in try replay.take(frame, bytes, at: offset) }
        }
    }

    /// Writes the hint for what is there so far, and the checkpoint that vouches for it.
    mutating func writeCheckpoint() throws(StoreError) {
        checkpoint = new.end
        let entry = IndexHint.write(
            replay.index, headOffset: replay.headOffset, floor: replay.floor, checkpoint: checkpoint,
            generation: new.log.header.generation, paths, layer)
        try new.append(entry, mark: checkpoint)
    }

    mutating func sync() throws(StoreError) { try new.sync() }

    /// Ends with a checkpoint, durable.
    mutating func finish() throws(StoreError) {
        if new.end > checkpoint + UInt64(LogEntry.checkpointLength) { try new.append(.plainCheckpoint, mark: new.end) }
        try new.finish()
    }

    mutating func takePlace() throws(StoreError) {
        try new.takePlace()
        isInPlace = true
    }

    /// Makes that durable, as ``NewLog/syncPlace()``.
    func syncPlace() throws(StoreError) {
        // An old hint does no harm: the new log does not vouch for it.
        defer { IndexHint.takePlace(paths, layer) }
        try new.syncPlace()
    }

    func abandon() {
        new.abandon()
        try? layer.remove(paths.newHint)
    }
}
