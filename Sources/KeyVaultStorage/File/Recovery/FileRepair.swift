/// Reads what can be read of a damaged log, and makes a new one of it (SPEC.md section 7.2.8).
///
/// Behind a gap in the sequence numbers the rest of a batch looks like a batch of its own, and is kept as one.
package struct FileRepair {
    private let paths: LogPaths
    private let layer: any FileLayer
    private let settings: FileLog.Settings
    /// Held as long as this is.
    private let lock: any NamedFile
    private let log: LogFile
    private var replay: Replay
    private var ranges: [Range<UInt64>] = []
    private var lostChanges: UInt64 = 0
    private var highestRevision: UInt64 = 0

    package init(_ path: String, layer: any FileLayer, allowsNetwork: Bool = false) throws(StoreError) {
        let path = try FileLog.resolve(path, creating: false, layer)
        paths = LogPaths(log: path)
        self.layer = layer
        var settings = FileLog.Settings()
        settings.allowsNetwork = allowsNetwork
        self.settings = settings
        // Where there is nothing to repair, no lock file is left behind either.
        _ = try LogFile(salvaging: path, layer)
        lock = try FileLog.takeLock(paths, layer, settings)
        log = try LogFile(salvaging: path, layer)
        replay = Replay(log)
        try read()
        guard replay.head != nil || ranges.isEmpty else {
            throw StoreError(
                .corrupt,
                "\(path) has lost the vault's header, without which no record opens. Restore it from a backup.")
        }
    }

    /// `nil` when the log is whole.
    package var damage: FileStoreDamage? {
        ranges.isEmpty && log.isHeaderWhole
            ? nil : FileStoreDamage(ranges: ranges, lostChanges: lostChanges, keptRows: replay.index.count)
    }

    /// Replaces the log by what could be read of it, and keeps it under another name.
    package func run() throws(StoreError) -> FileStoreDamage? {
        guard var damage else { return nil }
        let copy = try copy()
        damage.damagedCopy = copy
        var isInPlace = false
        do throws(StoreError) { try rewrite(&isInPlace) } catch {
            // The log is what it was then, and a full disk needs the room.
            if !isInPlace { try? layer.remove(copy) }
            throw error
        }
        return damage
    }

    private func rewrite(_ isInPlace: inout Bool) throws(StoreError) {
        let places = replay.index.places
        var rewrite = try Rewrite(of: log, paths, layer, settings, rows: places.count)
        defer { isInPlace = rewrite.isInPlace }
        do throws(StoreError) {
            if var head = replay.storeHead {
                // A revision that only a lost change had used must not be used again.
                let last = WriteBatch.maximumRevision
                head.revisionFloor = max(head.revisionFloor, min(last, min(last, highestRevision) + lostChanges))
                try rewrite.append(head)
            }
            for place in places { try rewrite.appendRow(at: place) }
            try rewrite.writeCheckpoint()
            try rewrite.finish()
            // Somebody may have restored a backup meanwhile.
            try log.checkPlace()
            try FileLog.checkLock(lock, of: paths)
            try rewrite.takePlace()
            try rewrite.syncPlace()
        } catch {
            if !rewrite.isInPlace { rewrite.abandon() }
            throw error
        }
    }

    private mutating func read() throws(StoreError) {
        let size = try log.size()
        var reader = FrameReader(log, from: UInt64(LogHeader.length), to: size)
        if !log.isHeaderWhole { leaveOut(0..<UInt64(LogHeader.length)) }
        // Where the batch at hand begins, and where the last frame that was taken ends.
        var (sequence, batchStart, end) = (UInt64(0), reader.offset, reader.offset)
        // Bytes within the batch at hand that are none of its frames.
        var holes: [Range<UInt64>] = []
        // Whether the frame at hand is the rest of a batch of which a frame says nothing known.
        var isRest = false
        // Each head costs as much to look at as it claims. Nobody but who wants to keep a repair busy writes so many that are none.
        var left = min(size, .max / 8) * 8
        while reader.offset < size {
            let start = reader.offset
            let claimed = UInt64(try reader.nextLength() ?? 0)
            guard start + claimed <= size else {
                reader.skip(1)
                continue
            }
            guard left >= claimed else {
                throw StoreError(
                    .corrupt, "\(log.path) is full of what looks like frames and is none. Restore a backup.")
            }
            left -= claimed
            guard let frame = try reader.next(), frame.sequence > sequence else {
                // A valid frame with an earlier number is none: it was moved behind, and read once more.
                if reader.offset == start { reader.skip(1) }
                continue
            }
            if frame.sequence != sequence + 1 {
                lostChanges += frame.sequence - sequence - 1
                leaveOut(batchStart..<start)
                (batchStart, holes, isRest) = (start, [], false)
                dropBatch()
            } else if start != end {
                // Nothing is missing between the two.
                holes.append(end..<start)
            }
            sequence = frame.sequence
            end = reader.offset
            let isKnown = try reader.withFrameBytes { bytes throws(StoreError) in
                note(FrameContent(frame, bytes))
                return Replay.content(frame, bytes, at: start) != nil
            }
            if isRest || !isKnown {
                dropBatch()
                lostChanges += 1
                leaveOut(batchStart..<end)
                (batchStart, holes, isRest) = (end, [], frame.continues)
                continue
            }
            try reader.withFrameBytes { bytes throws(StoreError) in try replay.take(frame, bytes, at: start) }
            if !replay.isInBatch {
                for hole in holes { leaveOut(hole) }
                (batchStart, holes) = (end, [])
            }
        }
        // A writer that was killed has left zeros up to the end of a block.
        let rest = UInt64(LogFile.rest(ofBlock: settings.block, behind: batchStart).count)
        let isFilledUp = size - batchStart == rest ? try isZero(batchStart..<size) : false
        if !isFilledUp || replay.head == nil { leaveOut(batchStart..<size) }
        dropBatch()
    }

    private func isZero(_ range: Range<UInt64>) throws(StoreError) -> Bool {
        try log.read(range.count, at: range.lowerBound).allSatisfy { $0 == 0 }
    }

    private mutating func dropBatch() {
        lostChanges += UInt64(replay.pendingChanges)
        replay.dropBatch()
    }

    /// Whether or not it is kept: a revision that it shows to have been used must not be used again.
    private mutating func note(_ content: FrameContent?) {
        switch content {
        case .put(let row, _): highestRevision = max(highestRevision, row.revision)
        case .tombstone(let row, let floor): highestRevision = max(highestRevision, row.revision, floor)
        case .head(_, let floor, _): highestRevision = max(highestRevision, floor)
        case .checkpoint, nil: break
        }
    }

    private mutating func leaveOut(_ range: Range<UInt64>) {
        guard !range.isEmpty else { return }
        if let last = ranges.last, last.upperBound == range.lowerBound {
            ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
        } else {
            ranges.append(range)
        }
    }

    /// Copies the log to the first of the names for it that is free: a copy that is there is the only one of what an earlier repair has
    /// left out.
    private func copy() throws(StoreError) -> String {
        var number = 1
        while true {
            let path = paths.damaged(generation: log.header.generation, number)
            do throws(FileError) {
                let target = try layer.open(path, creating: true)
                do throws(FileError) {
                    try copy(to: target)
                    try layer.syncDirectory(of: path)
                    return path
                } catch {
                    try? layer.remove(path)
                    throw error
                }
            } catch .exists { number += 1 } catch { throw error.doing("copied", path) }
        }
    }

    private func copy(to target: any OpenFile) throws(FileError) {
        let size = try log.file.size()
        var offset: UInt64 = 0
        while offset < size {
            var bytes = [UInt8](repeating: 0, count: Int(min(UInt64(settings.chunk), size - offset)))
            var span = bytes.mutableSpan
            guard try log.file.readFully(into: &span, at: offset) == bytes.count else { throw .inputOutput }
            try target.writeFully(bytes, at: offset)
            offset += UInt64(bytes.count)
        }
        try target.sync()
    }
}
