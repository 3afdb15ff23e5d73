import KeyVaultFormat

/// Batches on their way into the log together: what they write, and what that will do to the index once it is synced.
///
/// Each batch sees what the ones before it did, though none of it is on disk yet: those of the group, and those of the group
/// before, which may be on its way there.
struct GroupPlan {
    /// What one batch does to the index.
    enum IndexChange {
        case insert(RowIndex.Entry, RecordKey)
        case move(RowIndex.Entry, to: RowIndex.Place)
        case remove(RowIndex.Entry)
    }

    /// A row as it will be.
    private struct Row {
        var entry: RowIndex.Entry
        /// `nil` where it is in the log and was not read.
        var sealed: [UInt8]?
    }

    private let source: FileLog
    let log: LogFile
    /// Where the group will begin.
    let start: UInt64

    private(set) var head: StoreHead?
    /// Where the last head of the group lies, if it has one.
    private(set) var headOffset: UInt64?
    private(set) var changes: [IndexChange] = []
    /// The frames, as far as they are known before their turn comes.
    private var drafts: [UInt8] = []
    /// Where in ``drafts`` the last one begins.
    private var lastDraft = 0

    /// The rows of the ids that the group has touched, the earliest revision first.
    private var rows: [RecordID: [Row]] = [:]
    /// The same of the group before.
    private let earlierRows: [RecordID: [Row]]
    /// Rows of the batch at hand that were read before.
    private var known: [CurrentRow] = []
    /// What ``rows`` was before the batch at hand.
    private var undo: [(RecordID, [Row]?)] = []

    /// The first group behind what is in `log`.
    init(_ source: FileLog, _ log: LogFile, head: StoreHead?, end: UInt64) {
        (self.source, self.log, self.head, start) = (source, log, head, end)
        earlierRows = [:]
    }

    /// The group behind `plan`.
    init(after plan: GroupPlan) {
        (source, log, head, start) = (plan.source, plan.log, plan.head, plan.end)
        earlierRows = plan.rows
    }

    /// Of all frames, in bytes.
    var length: Int { drafts.count }

    private var end: UInt64 { start + UInt64(drafts.count) }

    /// The frames.
    ///
    /// - Parameters:
    ///   - sequence: Of the last frame that is in the log; raised by one for each.
    ///   - mark: The log is known to be durable up to here.
    func frames(sequence: inout UInt64, mark: UInt64) -> [UInt8] {
        var (frames, offset) = (drafts, 0)
        while offset < frames.count {
            sequence += 1
            offset = Frame.complete(
                at: offset, sequence: sequence, mark: mark, seed: log.header.frameSeed, in: &frames)
        }
        return frames
    }

    mutating func add(creation first: StoreHead) throws(StoreError) {
        guard head == nil else { throw StoreError(.exists, "\(log.path) holds a vault already.") }
        try append(head: first)
        finishBatch()
    }

    /// Plans all of `batch`, or nothing when one of its changes is refused.
    ///
    /// - Parameter known: rows of the batch that need not be read again.
    mutating func add(_ batch: WriteBatch, _ known: [CurrentRow] = []) throws(StoreError) {
        self.known = known
        defer { self.known = [] }
        let (oldHead, oldHeadOffset, oldChanges) = (head, headOffset, changes.count)
        let (oldLength, oldLastDraft) = (length, lastDraft)
        do throws(StoreError) {
            guard let now = head else { throw StoreError(.notFound, "\(log.path) holds no vault yet.") }
            try now.check(batch)
            for change in batch.changes { try plan(change) }
            if let header = batch.header, var new = head {
                new.replaceHeader(by: header)
                try append(head: new)
            }
            finishBatch()
        } catch {
            for (id, old) in undo.reversed() { rows[id] = old }
            (head, headOffset, lastDraft) = (oldHead, oldHeadOffset, oldLastDraft)
            changes.removeSubrange(oldChanges...)
            drafts.removeSubrange(oldLength...)
            undo.removeAll()
            throw error
        }
    }

    private mutating func plan(_ change: RecordChange) throws(StoreError) {
        switch change {
        case .insert(let key, let sealed):
            guard try rows(of: key.id).isEmpty, key.revision > head?.revisionFloor ?? 0 else {
                throw .conflict(over: key.id)
            }
            set(key.id, [try put(key, sealed, in: nil)])

        case .replace(let key, let sealed, let replacing, let commitment, let retained):
            var all = try rows(of: key.id)
            guard let old = all.last, old.entry.revision == replacing, key.revision > replacing,
                try carries(commitment, key.id, old)
            else { throw .conflict(over: key.id) }
            if let retained {
                all[all.count - 1] = try put(RecordKey(id: key.id, revision: replacing), retained, in: old)
            } else {
                all.removeLast()
                remove(old, of: key.id, floor: 0)
            }
            all.append(try put(key, sealed, in: nil))
            set(key.id, all)

        case .rewrap(let key, let sealed, let commitment):
            var all = try rows(of: key.id)
            guard let index = all.firstIndex(where: { $0.entry.revision == key.revision }),
                try carries(commitment, key.id, all[index])
            else { throw .conflict(over: key.id) }
            all[index] = try put(key, sealed, in: all[index])
            set(key.id, all)

        case .delete(let id, let revision):
            if let revision, try rows(of: id).last?.entry.revision != revision { throw .conflict(over: id) }
            try removeAll(of: id)

        case .deleteRetained(let key):
            var all = try rows(of: key.id)
            guard let index = all.firstIndex(where: { $0.entry.revision == key.revision }) else { return }
            guard index < all.count - 1 else { throw .conflict(over: key.id) }
            remove(all.remove(at: index), of: key.id, floor: 0)
            set(key.id, all)

        case .deleteTenant(let tenant):
            let scope = ScanScope.everythingOf(tenant: tenant)
            let planned = rows.keys.filter(scope.includes)
            for id in Set(try source.ids(ofTenant: tenant)).union(planned).sorted() { try removeAll(of: id) }

        case .raiseFloor(let revision):
            guard var new = head, revision > new.revisionFloor else { return }
            new.revisionFloor = revision
            try append(head: new)
        }
    }

    private mutating func removeAll(of id: RecordID) throws(StoreError) {
        let all = try rows(of: id)
        for (index, row) in all.enumerated() {
            remove(row, of: id, floor: index == all.count - 1 ? row.entry.revision : 0)
        }
        set(id, [])
    }

    // MARK: Rows

    /// The rows of `id` as they will be, the earliest revision first.
    private func rows(of id: RecordID) throws(StoreError) -> [Row] {
        if let planned = rows[id] ?? earlierRows[id] { return planned }
        var found: [Row] = []
        for entry in source.entries(of: log.hash(id.encoded.span)) {
            if found.isEmpty {
                // The current row, whose commitment is what a change asks for next: read once.
                if let sealed = try sealed(of: id, at: entry) { found.append(Row(entry: entry, sealed: sealed)) }
            } else if try log.isRow(of: id.encoded.span, at: entry.place) {
                found.append(Row(entry: entry, sealed: nil))
            }
        }
        found.reverse()
        return found
    }

    private func sealed(of id: RecordID, at entry: RowIndex.Entry) throws(StoreError) -> [UInt8]? {
        let row = known.first { $0.log === log && $0.entry == entry && $0.id == id }
        if let row { return row.sealed }
        return try log.sealed(of: id.encoded.span, at: entry)
    }

    private mutating func set(_ id: RecordID, _ all: [Row]) { undo.append((id, rows.updateValue(all, forKey: id))) }

    private func carries(_ commitment: [UInt8]?, _ id: RecordID, _ row: Row) throws(StoreError) -> Bool {
        guard let commitment else { return true }
        let sealed =
            if let planned = row.sealed { planned } else { try log.sealed(of: id.encoded.span, at: row.entry) ?? [] }
        return StoredRecord(key: RecordKey(id: id, revision: row.entry.revision), sealed: sealed).carries(commitment)
    }

    // MARK: Frames

    /// Plans a put: of a new row, or of the bytes of `old`, whose key is the same.
    private mutating func put(_ key: RecordKey, _ sealed: [UInt8], in old: Row?) throws(StoreError) -> Row {
        let entry = LogEntry.put(key, sealed: sealed)
        let place = RowIndex.Place(offset: end, length: entry.frameLength)
        try append(entry)
        if let old {
            changes.append(.move(old.entry, to: place))
            return Row(entry: .init(hash: old.entry.hash, revision: key.revision, place: place), sealed: sealed)
        }
        let new = RowIndex.Entry(hash: log.hash(key.id.encoded.span), revision: key.revision, place: place)
        changes.append(.insert(new, key))
        return Row(entry: new, sealed: sealed)
    }

    /// A full log takes it: where else would room come from?
    private mutating func remove(_ row: Row, of id: RecordID, floor: UInt64) {
        changes.append(.remove(row.entry))
        append(fitting: .tombstone(RecordKey(id: id, revision: row.entry.revision), floor: floor))
        if let old = head { head?.revisionFloor = max(old.revisionFloor, floor) }
    }

    private mutating func append(head new: StoreHead) throws(StoreError) {
        head = new
        headOffset = end
        try append(.head(new))
    }

    private mutating func append(_ entry: LogEntry) throws(StoreError) {
        guard entry.payloadLength <= Frame.maximumPayload else {
            throw StoreError(
                .invalid,
                "A record and its names are at most \(Frame.maximumPayload) bytes in a file store; this one has "
                    + "\(entry.payloadLength).")
        }
        guard end + UInt64(entry.frameLength) < RowIndex.Place.maximumOffset else {
            throw StoreError(.full, "\(log.path) has reached 1 TiB. Compact it, or move the vault to another store.")
        }
        append(fitting: entry)
    }

    private mutating func append(fitting entry: LogEntry) {
        lastDraft = length
        Frame.appendDraft(of: entry, continues: true, to: &drafts)
    }

    private mutating func finishBatch() {
        if !drafts.isEmpty { Frame.setContinues(false, ofFrameAt: lastDraft, in: &drafts) }
        undo.removeAll(keepingCapacity: true)
    }
}
