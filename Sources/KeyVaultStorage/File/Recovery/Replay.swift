import KeyVaultFormat

/// The state that the batches of a log give, one after the other (SPEC.md section 7.2.3).
struct Replay {
    private struct Change {
        let name: [UInt8]
        let revision: UInt64
        /// Where the put lies; `nil` for a tombstone.
        let place: RowIndex.Place?
    }

    let log: LogFile
    private(set) var index: RowIndex
    /// The header and its generation, where there is one.
    private(set) var head: StoreHead?
    private(set) var headOffset: UInt64 = 0
    private(set) var floor: UInt64 = 0

    /// What the batch at hand will do once it is complete.
    private var changes: [Change] = []
    private var newHead: StoreHead?
    private var newHeadOffset: UInt64 = 0
    private var newFloor: UInt64 = 0

    init(_ log: LogFile, index: RowIndex = RowIndex()) {
        self.log = log
        self.index = index
    }

    /// The head with the floor that holds now.
    var storeHead: StoreHead? {
        head.map { StoreHead(header: $0.header, generation: $0.generation, revisionFloor: floor) }
    }

    /// How many changes there are of a batch that is not complete.
    var pendingChanges: Int { changes.count + (newHead == nil ? 0 : 1) }
    var isInBatch: Bool { pendingChanges > 0 }

    /// Takes the next frame of a batch, and applies the batch when it is the last one.
    mutating func take(_ frame: Frame, _ bytes: Span<UInt8>, at offset: UInt64) throws(StoreError) {
        guard let content = Self.content(frame, bytes, at: offset) else {
            throw .damaged(log.path, at: offset, "a frame that says nothing known")
        }
        switch content {
        case .put(let row, _):
            let place = RowIndex.Place(offset: offset, length: frame.length)
            if !frame.continues, changes.isEmpty, newHead == nil {
                // The usual batch of one put needs no copy of the name.
                try apply(bytes.extracting(row.range), row.revision, place)
                return
            }
            changes.append(Change(name: bytes.array(row.range), revision: row.revision, place: place))
        case .tombstone(let row, let floor):
            changes.append(Change(name: bytes.array(row.range), revision: row.revision, place: nil))
            newFloor = max(newFloor, floor)
        case .head(let generation, let floor, let start):
            newHead = Self.head(generation, floor, bytes.extracting(start...))
            newHeadOffset = offset
            newFloor = max(newFloor, floor)
        case .checkpoint:
            break
        }
        if !frame.continues { try applyBatch() }
    }

    /// What a frame says; `nil` where no writer says so. Whoever reads a row by its name need not look at the name again.
    /// Nor does the index have a number for a put that lies beyond its last one.
    static func content(_ frame: Frame, _ bytes: Span<UInt8>, at offset: UInt64) -> FrameContent? {
        guard let content = FrameContent(frame, bytes) else { return nil }
        switch content {
        case .put where offset >= RowIndex.Place.maximumOffset: return nil
        case .put(let row, _), .tombstone(let row, _):
            return RecordID.isEncoding(bytes.extracting(row.range)) ? content : nil
        case .head, .checkpoint: return content
        }
    }

    /// Drops what is there of a batch that is not complete.
    mutating func dropBatch() {
        changes.removeAll()
        newHead = nil
        newFloor = 0
    }

    /// Gives the index away.
    mutating func takeIndex() -> RowIndex {
        defer { index = RowIndex() }
        return index
    }

    /// Takes a row that is known not to be there yet.
    mutating func insert(_ entry: RowIndex.Entry) { index.insert(entry) }

    /// Takes a head that is known to be the last one.
    mutating func setHead(_ frame: Frame, _ bytes: Span<UInt8>, at offset: UInt64) throws(StoreError) {
        guard case .head(let generation, let floor, let start) = FrameContent(frame, bytes) else {
            throw .damaged(log.path, at: offset, "the vault header")
        }
        set(Self.head(generation, floor, bytes.extracting(start...)), at: offset)
    }

    private static func head(_ generation: UInt64, _ floor: UInt64, _ header: Span<UInt8>) -> StoreHead {
        StoreHead(header: header.array(0..<header.count), generation: generation, revisionFloor: floor)
    }

    /// Takes a head that has just been written.
    mutating func set(_ head: StoreHead, at offset: UInt64) {
        (self.head, headOffset) = (head, offset)
        raiseFloor(to: head.revisionFloor)
    }

    mutating func raiseFloor(to floor: UInt64) { self.floor = max(self.floor, floor) }

    private mutating func applyBatch() throws(StoreError) {
        for change in changes { try apply(change.name.span, change.revision, change.place) }
        if let newHead { (head, headOffset) = (newHead, newHeadOffset) }
        raiseFloor(to: newFloor)
        dropBatch()
    }

    private mutating func apply(
        _ name: Span<UInt8>, _ revision: UInt64, _ place: RowIndex.Place?
    ) throws(StoreError) {
        let hash = log.hash(name)
        if let old = try find(name, hash, revision) { index.remove(old) }
        if let place { index.insert(RowIndex.Entry(hash: hash, revision: revision, place: place)) }
    }

    private func find(_ name: Span<UInt8>, _ hash: UInt64, _ revision: UInt64) throws(StoreError) -> RowIndex.Entry? {
        for entry in index.entries(of: hash, at: revision) where try log.isRow(of: name, at: entry.place) {
            return entry
        }
        return nil
    }
}
