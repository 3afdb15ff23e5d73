import KeyVaultFormat

/// An index that was written down as of one checkpoint (SPEC.md section 7.2.7).
struct IndexHint {
    private static let magic: [UInt8] = Array("KVLH".utf8)
    private static let headerLength = 48
    private static let entryLength = 24

    /// The state as of the checkpoint.
    let replay: Replay
    /// Where the checkpoint begins.
    let checkpoint: UInt64
    /// Where it ends.
    let end: UInt64
    /// The checkpoint's.
    let sequence: UInt64

    /// Reads the hint beside `log`; `nil` where there is none that the log vouches for.
    init?(_ log: LogFile, _ paths: LogPaths, _ layer: any FileLayer) {
        guard let size = try? log.size(), let bytes = try? Self.bytes(of: paths.hint, for: log, size, layer) else {
            return nil
        }
        let (span, checksum) = (bytes.span, CRC32C.of(bytes.span.extracting(0..<(bytes.count - 4))))
        guard checksum == span.uint32(at: bytes.count - 4), let replay = Self.replay(span, log) else { return nil }
        checkpoint = span.uint64(at: 16)
        let place = RowIndex.Place(offset: checkpoint, length: LogEntry.checkpointLength)
        let frame = try? log.withFrame(at: place) { frame, bytes throws(StoreError) -> Frame? in
            guard case .checkpoint(let entries, let vouchedFor) = FrameContent(frame, bytes) else { return nil }
            return entries == UInt64(replay.index.count) && vouchedFor == checksum ? frame : nil
        }
        guard let frame else { return nil }
        self.replay = replay
        end = place.end
        sequence = frame.sequence
    }

    /// Writes the index of a log as of `checkpoint`, under the name that a hint has until it takes its place.
    ///
    /// - Returns: the checkpoint that vouches for it; one that vouches for none where it cannot be written, which costs the next
    ///   opening time and nothing else.
    static func write(
        _ index: RowIndex, headOffset: UInt64, floor: UInt64, checkpoint: UInt64, generation: UInt64, _ paths: LogPaths,
        _ layer: any FileLayer
    ) -> LogEntry {
        let (bytes, checksum) = encoded(
            index, headOffset: headOffset, floor: floor, checkpoint: checkpoint, generation: generation)
        do {
            try layer.create(paths.newHint).writeFully(bytes, at: 0)
            return .checkpoint(hintEntries: UInt64(index.count), hintChecksum: checksum)
        } catch {
            try? layer.remove(paths.newHint)
            return .plainCheckpoint
        }
    }

    private static func encoded(
        _ index: RowIndex, headOffset: UInt64, floor: UInt64, checkpoint: UInt64, generation: UInt64
    ) -> (bytes: [UInt8], checksum: UInt32) {
        var bytes = magic + [FormatVersion.current, 0, 0, 0]
        bytes.reserveCapacity(headerLength + index.count * entryLength + 4)
        for number in [generation, checkpoint, headOffset, floor, UInt64(index.count)] {
            bytes.append(bigEndian: number)
        }
        for entry in index.entries {
            bytes.append(bigEndian: entry.hash)
            bytes.append(bigEndian: entry.revision)
            bytes.append(bigEndian: entry.place.packed)
        }
        let checksum = CRC32C.of(bytes.span)
        bytes.append(bigEndian: checksum)
        return (bytes, checksum)
    }

    /// The whole of the hint, once its first bytes have shown that it may be one of `log`.
    private static func bytes(
        of path: String, for log: LogFile, _ logSize: UInt64, _ layer: any FileLayer
    ) throws -> [UInt8] {
        let file = try layer.open(path, creating: false)
        let size = try file.size()
        // An entry is shorter than any frame.
        guard size >= UInt64(headerLength + 4), size - UInt64(headerLength + 4) <= logSize else {
            throw FileError.inputOutput
        }
        var header = [UInt8](repeating: 0, count: headerLength)
        var start = header.mutableSpan
        guard try file.readFully(into: &start, at: 0) == headerLength,
            header.span.extracting(0..<8).equals((magic + [FormatVersion.current, 0, 0, 0]).span),
            header.span.uint64(at: 8) == log.header.generation,
            (size - UInt64(headerLength + 4)).quotientAndRemainder(dividingBy: UInt64(entryLength))
                == (header.span.uint64(at: 40), 0)
        else { throw FileError.inputOutput }
        var bytes = [UInt8](repeating: 0, count: Int(size))
        var span = bytes.mutableSpan
        guard try file.readFully(into: &span, at: 0) == Int(size) else { throw FileError.inputOutput }
        return bytes
    }

    /// The state that `bytes` describe, where they describe one of this log at all.
    private static func replay(_ bytes: Span<UInt8>, _ log: LogFile) -> Replay? {
        let (checkpoint, headOffset) = (bytes.uint64(at: 16), bytes.uint64(at: 24))
        let (floor, count) = (bytes.uint64(at: 32), bytes.uint64(at: 40))
        guard checkpoint < RowIndex.Place.maximumOffset, floor <= WriteBatch.maximumRevision else { return nil }

        var index = RowIndex(capacity: Int(count))
        for start in stride(from: headerLength, to: bytes.count - 4, by: entryLength) {
            let place = RowIndex.Place(packed: bytes.uint64(at: start + 16))
            guard place.offset >= UInt64(LogHeader.length), place.length > Frame.headerLength, place.end <= checkpoint,
                place.length <= Frame.headerLength + Frame.maximumPayload
            else { return nil }
            index.insert(
                RowIndex.Entry(hash: bytes.uint64(at: start), revision: bytes.uint64(at: start + 8), place: place))
        }
        var replay = Replay(log, index: index)
        replay.raiseFloor(to: floor)
        guard headOffset == 0 || replay.takeHead(at: headOffset, before: checkpoint) else { return nil }
        return replay
    }
}

extension Replay {
    /// Takes the head at `offset` alone; `false` where there is no valid one.
    fileprivate mutating func takeHead(at offset: UInt64, before end: UInt64) -> Bool {
        guard offset < end else { return false }
        var reader = FrameReader(log, from: offset, to: end, chunk: 4096)
        guard let frame = try? reader.next(), frame.type == LogEntry.headType else { return false }
        return (try? reader.withFrameBytes { bytes throws(StoreError) in try setHead(frame, bytes, at: offset) }) != nil
    }
}
