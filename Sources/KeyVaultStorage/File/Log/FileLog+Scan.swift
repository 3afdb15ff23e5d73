import KeyVaultFormat
import Synchronization

extension FileLog {
    /// Whether a scan can begin at once.
    func isOrdered() throws(StoreError) -> Bool {
        try withShared { shared throws(StoreError) in shared.order.isBuilt && !shared.order.needsMerge }
    }

    /// Puts the rows in the order of their names; readers and the writer go on meanwhile.
    package func putInOrder() throws(StoreError) {
        try ordering.withLock { _ throws(StoreError) in
            if try isOrdered() { return }
            let isBuilt = try withShared { shared throws(StoreError) in shared.order.isBuilt }
            if isBuilt { try mergeRecent() } else { try buildOrder() }
        }
    }

    /// Reads and sorts all rows.
    private func buildOrder() throws(StoreError) {
        let (log, entries) = try withShared { shared throws(StoreError) in
            shared.order.beginBuilding()
            return (shared.log, Array(shared.index.entries))
        }
        do throws(StoreError) {
            // Many may have gone while they were read.
            var rows = try present(log.sorted(entries))
            // Those that come meanwhile, until they are few, or come as fast as they are sorted in.
            var most = Int.max
            while var more = try recentRows(atMost: most, beside: rows.map(\.place), of: log) {
                most = more.count / 2
                more.sort()
                rows += try present(more)
                rows.sort()
            }
        } catch {
            // Otherwise new rows would be noted for ever.
            shared.withLock { if $0.log === log { $0.order = ScanOrder() } }
            throw error
        }
    }

    /// The rows that have come since the building began; `nil` where it is at its end.
    private func recentRows(
        atMost most: Int, beside places: [RowIndex.Place], of log: LogFile
    ) throws(StoreError) -> [ScanOrder.Row]? {
        try withShared { shared throws(StoreError) in
            // A compaction in between has moved every row: then all is built once more.
            guard shared.log === log else { return nil }
            if let recent = shared.order.takeRecent(atMost: most) { return recent }
            shared.order.finishBuilding(places)
            return nil
        }
    }

    /// Those of `rows` that are still there: a few keys that are replaced all the time would fill the order otherwise.
    private func present(_ rows: [ScanOrder.Row]) throws(StoreError) -> [ScanOrder.Row] {
        var present: [ScanOrder.Row] = []
        for start in stride(from: 0, to: rows.count, by: 1024) {
            present += try withShared { shared throws(StoreError) in
                rows[start..<min(start + 1024, rows.count)].filter {
                    shared.index.contains($0.hash, revision: $0.key.revision)
                }
            }
        }
        return present
    }

    /// Takes the recent rows over into the base.
    private func mergeRecent() throws(StoreError) {
        var (log, order, end) = try withShared { shared throws(StoreError) in (shared.log, shared.order, shared.end) }
        order.sortRecent()
        let base = order.base ?? []
        let merged = try order.merged(with: present(order.recent)) { key throws(StoreError) in
            try log.firstIndex(in: base, notBelow: key)
        }
        try withShared { shared throws(StoreError) in
            if shared.log === log { shared.order.finishMerging(merged, before: end) }
        }
    }

    package func scan(_ scope: ScanScope, after cursor: RecordKey?, limit: Int) throws(StoreError) -> [StoredRecord] {
        var isPatient = false
        while true {
            if try !isOrdered() { try putInOrder() }
            if let page = try page(scope, after: cursor, limit: limit, isPatient: isPatient) { return page }
            isPatient = true
        }
    }

    /// A page of rows as of now; `nil` where they have to be put in order first.
    ///
    /// - Parameter isPatient: whether to go on where many rows are gone. Who has had them put in order once already does: beside
    ///   somebody who replaces rows without end, they may be gone again as soon as that is done.
    func page(
        _ scope: ScanScope, after cursor: RecordKey?, limit: Int, isPatient: Bool
    ) throws(StoreError) -> [StoredRecord]? {
        try withShared { shared throws(StoreError) in
            guard shared.order.isBuilt else { return nil }
            shared.order.sortRecent()
            let page = try shared.page(scope, after: cursor, limit: limit, isPatient: isPatient)
            if page == nil { shared.order = ScanOrder() }
            return page
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

extension FileLog.Shared {
    /// More rows that are gone than this on the way to a page, and the order is built anew without them.
    private static let patienceWithGoneRows = 4096

    /// The rows of a page, as of now; `nil` where too many are gone between them.
    func page(
        _ scope: ScanScope, after cursor: RecordKey?, limit: Int, isPatient: Bool
    ) throws(StoreError) -> [StoredRecord]? {
        let tenant = scope.tenant.map { SortKey(tenant: $0) }
        let start = max(tenant ?? SortKey(tenant: ""), cursor.map { SortKey($0) } ?? SortKey(tenant: ""))
        let base = order.base ?? []
        var next = try log.firstIndex(in: base, notBelow: start)
        var nextRecent = order.recent.partitioningIndex { $0.key >= start }
        var page: [StoredRecord] = []
        var held: LogRow?
        var gone = 0
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
            guard let record = try current(row, notedAt: place, scope) else {
                if !index.contains(log.hash(of: row), revision: row.revision) { gone += 1 }
                if !isPatient, gone > Self.patienceWithGoneRows { return nil }
                continue
            }
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
        let hash = log.hash(of: row)
        // Where retained rows are asked for too, those above this one say nothing of it, and are not read.
        let entries = scope.isCurrentOnly ? index.entries(of: hash) : index.entries(of: hash, at: row.revision)
        for found in entries.prefix(while: { $0.revision >= row.revision }) {
            if found.place == place, found.revision == row.revision {
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
}

extension ScanScope {
    fileprivate var tenant: String? {
        switch self {
        case .everything, .current: nil
        case .currentOf(let tenant), .everythingOf(let tenant): tenant
        }
    }
}
