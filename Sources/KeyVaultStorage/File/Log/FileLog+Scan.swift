import KeyVaultFormat
import Synchronization

extension FileLog {
    /// Whether ``scan(_:after:limit:)`` can begin at once.
    func isOrdered() throws(StoreError) -> Bool {
        try withShared { shared throws(StoreError) in shared.order.isBuilt }
    }

    /// Sorts the rows by name, which reads all of them; readers and the writer go on meanwhile.
    package func buildOrder() throws(StoreError) {
        try ordering.withLock { _ throws(StoreError) in
            if try isOrdered() { return }
            let (log, places) = try withShared { shared throws(StoreError) in
                shared.order.beginBuilding()
                return (shared.log, shared.index.places)
            }
            let sorted: [RowIndex.Place]
            do throws(StoreError) { sorted = try log.sorted(places) } catch {
                // Otherwise new rows would be noted for ever.
                shared.withLock { if $0.log === log { $0.order = ScanOrder() } }
                throw error
            }
            try withShared { shared throws(StoreError) in
                // A compaction in between has moved every row: then it is built once more.
                if shared.log === log { shared.order.finishBuilding(sorted) }
            }
        }
    }

    package func scan(_ scope: ScanScope, after cursor: RecordKey?, limit: Int) throws(StoreError) -> [StoredRecord] {
        while true {
            let page = try withShared { shared throws(StoreError) -> [StoredRecord]? in
                guard shared.order.isBuilt else { return nil }
                shared.order.sortRecent()
                if shared.order.needsMerge { try shared.mergeOrder() }
                return try shared.page(scope, after: cursor, limit: limit)
            }
            if let page { return page }
            try buildOrder()
        }
    }

    func ids(ofTenant tenant: String) throws(StoreError) -> [RecordID] {
        var (ids, cursor) = ([RecordID](), RecordKey?.none)
        while true {
            let page = try scan(.currentOf(tenant: tenant), after: cursor, limit: 1000)
            guard let last = page.last else { return ids }
            ids += page.map(\.id)
            cursor = last.key
        }
    }
}

/// A row as the log has it.
struct LogRow {
    let encodedID: [UInt8]
    let revision: UInt64
    let sealed: [UInt8]

    var sortKey: SortKey { SortKey(encodedID.span, revision: revision) }
}

extension LogFile {
    /// The places of rows in the order of their names.
    fileprivate func sorted(_ places: [RowIndex.Place]) throws(StoreError) -> [RowIndex.Place] {
        var rows: [(key: SortKey, place: RowIndex.Place)] = []
        rows.reserveCapacity(places.count)
        for place in places { rows.append((try row(at: place).sortKey, place)) }
        rows.sort { $0.key < $1.key }
        return rows.map(\.place)
    }

    func row(at place: RowIndex.Place) throws(StoreError) -> LogRow {
        try withFrame(at: place) { frame, bytes throws(StoreError) in
            guard case .put(let row, let start) = FrameContent(frame, bytes) else {
                throw .damaged(path, at: place.offset, "a row")
            }
            return LogRow(
                encodedID: bytes.array(row.range), revision: row.revision, sealed: bytes.array(start..<bytes.count))
        }
    }
}

extension FileLog.Shared {
    mutating func mergeOrder() throws(StoreError) {
        let (log, base) = (log, order.base ?? [])
        try order.merge { key throws(StoreError) in try Self.firstIndex(in: base, notBelow: key, log) }
    }

    /// The rows of a page, as of now.
    func page(_ scope: ScanScope, after cursor: RecordKey?, limit: Int) throws(StoreError) -> [StoredRecord] {
        let tenant = scope.tenant.map { SortKey(tenant: $0) }
        let start = max(tenant ?? SortKey(tenant: ""), cursor.map { SortKey($0) } ?? SortKey(tenant: ""))
        let base = order.base ?? []
        var next = try Self.firstIndex(in: base, notBelow: start, log)
        var nextRecent = order.recent.firstIndex(notBelow: start)
        var page: [StoredRecord] = []
        var held: LogRow?
        while page.count < limit {
            if held == nil, next < base.count { held = try log.row(at: base[next]) }
            let place: RowIndex.Place
            let row: LogRow
            if nextRecent < order.recent.count, held.map({ order.recent[nextRecent].key < $0.sortKey }) ?? true {
                place = order.recent[nextRecent].place
                row = try log.row(at: place)
                nextRecent += 1
            } else if let first = held {
                (place, row) = (base[next], first)
                held = nil
                next += 1
            } else {
                break
            }
            if let tenant, !row.sortKey.hasPrefix(tenant) { break }
            guard let record = try current(row, notedAt: place, scope) else { continue }
            if let cursor, record.key <= cursor { continue }
            page.append(record)
        }
        return page
    }

    /// What has become of `row`; `nil` where it is gone, or not in `scope`.
    private func current(
        _ row: LogRow, notedAt place: RowIndex.Place, _ scope: ScanScope
    ) throws(StoreError) -> StoredRecord? {
        guard let id = RecordID(encoded: row.encodedID) else {
            throw .damaged(log.path, at: place.offset, "a name")
        }
        guard scope.includes(id) else { return nil }
        let hash = log.hash(row.encodedID.span)
        // Where retained rows are asked for too, those above this one say nothing of it, and are not read.
        let entries = scope.isCurrentOnly ? index.entries(of: hash) : index.entries(of: hash, at: row.revision)
        for found in entries.prefix(while: { $0.revision >= row.revision }) {
            if found.place == place {
                return StoredRecord(key: RecordKey(id: id, revision: row.revision), sealed: row.sealed)
            }
            if let sealed = try log.sealed(of: row.encodedID.span, at: found) {
                if found.revision == row.revision {
                    return StoredRecord(key: RecordKey(id: id, revision: row.revision), sealed: sealed)
                }
                if scope.isCurrentOnly { return nil }
            }
        }
        return nil
    }

    private static func firstIndex(
        in base: [RowIndex.Place], notBelow key: SortKey, _ log: LogFile
    ) throws(StoreError) -> Int {
        var (low, high) = (0, base.count)
        while low < high {
            let middle = (low + high) / 2
            if try log.row(at: base[middle]).sortKey < key { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension ScanScope {
    fileprivate var tenant: String? {
        switch self {
        case .everything, .current: nil
        case .currentOf(let tenant), .everythingOf(let tenant): tenant
        }
    }
}
