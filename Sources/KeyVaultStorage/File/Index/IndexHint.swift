import KeyVaultFormat

/// An index that was written down as of one checkpoint (SPEC.md section 7.2.7).
struct IndexHint {
    static let magic: [UInt8] = Array("KVLH".utf8)
    private static let headerLength = 48
    private static let entryLength = 24
    /// A million, 24 MB.
    private static let entriesAtOnce = 1 << 20

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
        guard let found = try? Self.read(paths.hint, for: log, layer) else { return nil }
        let (header, replay, checksum) = found
        checkpoint = header.span.uint64(at: 16)
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
        guard (try? paths.checkFree(layer)) != nil else { return .plainCheckpoint }
        do {
            try layer.create(paths.newHint).writeFully(bytes, at: 0)
            return .checkpoint(hintEntries: UInt64(index.count), hintChecksum: checksum)
        } catch {
            try? layer.remove(paths.newHint)
            return .plainCheckpoint
        }
    }

    /// Puts what was written in its place, as well as that can be done; unless another vault has taken the name.
    static func takePlace(_ paths: LogPaths, _ layer: any FileLayer) {
        guard (try? paths.checkFree(layer)) != nil else { return }
        try? layer.rename(paths.newHint, to: paths.hint)
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

    /// Reads the hint at `path`, piece by piece: its length is whatever somebody made it, and may be more than there is memory.
    private static func read(
        _ path: String, for log: LogFile, _ layer: any FileLayer
    ) throws -> (header: [UInt8], replay: Replay, checksum: UInt32) {
        let file = try layer.open(path, creating: false)
        let header = try bytes(headerLength, at: 0, of: file)
        let count = header.span.uint64(at: 40)
        let size = try file.size()
        // An entry is shorter than any frame.
        let most = try log.size() / UInt64(entryLength)
        guard header.starts(with: magic + [FormatVersion.current, 0, 0, 0]),
            header.span.uint64(at: 8) == log.header.generation, count <= most,
            size == UInt64(headerLength) + count * UInt64(entryLength) + 4
        else { throw FileError.inputOutput }
        let checkpoint = header.span.uint64(at: 16)

        var checksum = CRC32C()
        checksum.update(header.span)
        var index = RowIndex(capacity: Int(min(count, UInt64(entriesAtOnce))))
        var offset = UInt64(headerLength)
        while UInt64(index.count) < count {
            let left = min(count - UInt64(index.count), UInt64(entriesAtOnce))
            let entries = try bytes(Int(left) * entryLength, at: offset, of: file)
            checksum.update(entries.span)
            for start in stride(from: 0, to: entries.count, by: entryLength) {
                index.insert(try entry(entries.span.extracting(start..<(start + entryLength)), before: checkpoint))
            }
            offset += UInt64(entries.count)
        }
        let last = try bytes(4, at: offset, of: file)
        guard last.span.uint32(at: 0) == checksum.value, let replay = replay(index, header.span, log) else {
            throw FileError.inputOutput
        }
        return (header, replay, checksum.value)
    }

    private static func bytes(_ count: Int, at offset: UInt64, of file: any OpenFile) throws(FileError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var span = bytes.mutableSpan
        guard try file.readFully(into: &span, at: offset) == count else { throw .inputOutput }
        return bytes
    }

    private static func entry(_ bytes: Span<UInt8>, before checkpoint: UInt64) throws(FileError) -> RowIndex.Entry {
        let place = RowIndex.Place(packed: bytes.uint64(at: 16))
        guard place.offset >= UInt64(LogHeader.length), place.length > Frame.headerLength, place.end <= checkpoint,
            place.length <= Frame.headerLength + Frame.maximumPayload
        else { throw .inputOutput }
        return RowIndex.Entry(hash: bytes.uint64(at: 0), revision: bytes.uint64(at: 8), place: place)
    }

    /// The state that `header` and the index describe, where they describe one of this log at all.
    private static func replay(_ index: RowIndex, _ header: Span<UInt8>, _ log: LogFile) -> Replay? {
        let (checkpoint, headOffset, floor) = (header.uint64(at: 16), header.uint64(at: 24), header.uint64(at: 32))
        guard checkpoint < RowIndex.Place.maximumOffset, floor <= WriteBatch.maximumRevision else { return nil }
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
