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
        let (log, index) = try withShared { shared throws(StoreError) in
            shared.order.beginBuilding()
            return (shared.log, shared.lendIndex())
        }
        do throws(StoreError) {
            // Many may have gone while they were read.
            var rows = try present(log.sorted(Array(index.entries)))
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
        let base = order.base?.places ?? []
        let merged = try order.merged(with: present(order.recent)) { key throws(StoreError) in
            try log.firstIndex(in: base, notBelow: key)
        }
        try withShared { shared throws(StoreError) in
            if shared.log === log { shared.order.finishMerging(merged, before: end) }
        }
    }

    package func scan(_ scope: ScanScope, after cursor: RecordKey?, limit: Int) throws(StoreError) -> [StoredRecord] {
        var acceptsGaps = false
        while true {
            if try !isOrdered() { try putInOrder() }
            if let page = try page(scope, after: cursor, limit: limit, acceptsGaps: acceptsGaps) { return page }
            acceptsGaps = true
        }
    }

    /// A page of rows as of one moment; `nil` where they have to be put in order first.
    ///
    /// Rows are read while others read and write; nobody waits but for the moment in which it is looked up, for all of the page at
    /// once, what has become of them.
    ///
    /// - Parameter acceptsGaps: whether to go on where many rows are gone. Who has had them put in order once already does:
    ///   beside somebody who replaces rows without end, they may be gone again as soon as that is done.
    func page(
        _ scope: ScanScope, after cursor: RecordKey?, limit: Int, acceptsGaps: Bool
    ) throws(StoreError) -> [StoredRecord]? {
        let found = try withShared { shared throws(StoreError) in shared.order.base.map { (shared.log, $0) } }
        guard let (log, base) = found else { return nil }
        guard limit > 0 else { return [] }
        var page = ScanPage(log, base, scope, after: cursor, limit: limit)
        while true {
            try page.readOn()
            let looked = try withShared { shared throws(StoreError) in
                // A compaction, or another scan, has put the rows into another order.
                guard shared.order.base === base else { return nil as ScanPage.Look? }
                shared.order.sortRecent()
                return page.look(in: shared.index, recent: shared.order.recent)
            }
            guard let looked else { return nil }
            let rows = try page.rows(of: looked)
            guard acceptsGaps || page.goneRows <= Self.maximumGoneRows else {
                shared.withLock { if $0.order.base === base { $0.order = ScanOrder() } }
                return nil
            }
            if let rows { return rows }
        }
    }

    /// More rows that are gone than this on the way to a page, and the order is built anew without them.
    private static let maximumGoneRows = 4096

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
