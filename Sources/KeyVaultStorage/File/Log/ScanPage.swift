import KeyVaultFormat

/// A page of a scan while it is put together.
///
/// Its rows are read from the log, which stays as it is, with nobody waiting. What has become of them the index tells, which is asked
/// about all of them at one moment: the page is as of that. Where some are gone, more are read, and all are asked about once more.
struct ScanPage {
    /// A row that may belong to the page.
    fileprivate struct Candidate {
        let key: SortKey
        let place: RowIndex.Place
        let hash: UInt64
        /// `nil` where it is not read yet.
        let row: LogRow?
    }

    /// What the index said at one moment.
    struct Look {
        fileprivate struct Finding {
            let candidate: Candidate
            /// Of its hash, from the highest revision that matters down to its own.
            let entries: [RowIndex.Entry]
        }

        fileprivate var findings: [Finding] = []
        fileprivate var gone: [RowIndex.Place] = []
        /// Whether more may lie behind them.
        fileprivate var isCut = false
    }

    /// The most rows that are read at a time beyond those that the page has room for.
    private static let mostAhead = 1024

    private let log: LogFile
    private let base: ScanOrder.Base
    private let scope: ScanScope
    private let limit: Int
    private let tenant: SortKey?
    private let cursor: SortKey?
    private let start: SortKey

    /// Where in the base to read on; `nil` before anything was read.
    private var next: Int?
    private var isAtEnd = false
    /// Of the last row that was read.
    private var lastKey: SortKey?
    /// What was read, in its order.
    private var rows: [Candidate] = []
    /// What will never be on the page: no revision is used twice, and none becomes the current one once more.
    private var gone: Set<RowIndex.Place> = []
    private var ahead = 0
    /// How many rows the index did not have any more.
    private(set) var goneRows = 0

    init(_ log: LogFile, _ base: ScanOrder.Base, _ scope: ScanScope, after cursor: RecordKey?, limit: Int) {
        (self.log, self.base, self.scope) = (log, base, scope)
        self.limit = min(limit, .max - Self.mostAhead)
        tenant = scope.tenant.map { SortKey(tenant: $0) }
        self.cursor = cursor.map { SortKey($0) }
        start = max(tenant ?? SortKey(tenant: ""), self.cursor ?? SortKey(tenant: ""))
    }

    /// Reads the rows that the page has room for, and more ahead with every time.
    mutating func readOn() throws(StoreError) {
        guard rows.count < limit else { return }
        var next = if let next { next } else { try log.firstIndex(in: base.places, notBelow: start) }
        let count = max(limit, rows.count + ahead)
        while rows.count < count, !isAtEnd {
            guard next < base.places.count else {
                isAtEnd = true
                break
            }
            let place = base.places[next]
            let row = try log.row(at: place)
            let key = row.sortKey
            if let tenant, !key.hasPrefix(tenant) {
                isAtEnd = true
                break
            }
            if scope == .current, key.isReserved {
                // Any number of tokens may lie there.
                // Forward, also where somebody has changed the file beneath.
                next = max(next + 1, try log.firstIndex(in: base.places, notBelow: .behindReserved))
                continue
            }
            next += 1
            lastKey = key
            if key != cursor { rows.append(Candidate(key: key, place: place, hash: log.hash(of: row), row: row)) }
        }
        self.next = next
    }

    /// Looks up what was read, and what has come since the order was built.
    ///
    /// - Parameter recent: sorted.
    func look(in index: RowIndex, recent: [ScanOrder.Row]) -> Look {
        var look = Look()
        var (rows, recent) = (rows[...], recent[recent.partitioningIndex { $0.key >= start }...])
        while look.findings.count < limit + ahead {
            let candidate: Candidate
            if let new = recent.first, isNext(new.key, before: rows.first?.key) {
                recent.removeFirst()
                if new.key == cursor || scope == .current && new.key.isReserved || gone.contains(new.place) { continue }
                candidate = Candidate(key: new.key, place: new.place, hash: new.hash, row: nil)
            } else if let row = rows.popFirst() {
                candidate = row
            } else {
                return look
            }
            let entries = entries(above: candidate, in: index)
            if entries.last?.revision == candidate.key.revision {
                look.findings.append(Look.Finding(candidate: candidate, entries: entries))
            } else {
                look.gone.append(candidate.place)
            }
        }
        look.isCut = true
        return look
    }

    /// Whether a recent row of `key` is part of what the page is about, and comes before the next one that was read.
    private func isNext(_ key: SortKey, before row: SortKey?) -> Bool {
        guard isAtEnd || lastKey.map({ key < $0 }) ?? false else { return false }
        return (tenant.map(key.hasPrefix) ?? true) && (row.map { key < $0 } ?? true)
    }

    /// Where retained rows are asked for too, those above this one say nothing of it.
    private func entries(above candidate: Candidate, in index: RowIndex) -> [RowIndex.Entry] {
        let revision = candidate.key.revision
        guard scope.isCurrentOnly else { return index.entries(of: candidate.hash, at: revision) }
        return Array(index.entries(of: candidate.hash).prefix { $0.revision >= revision })
    }

    /// The page as of `look`; `nil` where more has to be read first.
    mutating func rows(of look: Look) throws(StoreError) -> [StoredRecord]? {
        var found: [StoredRecord] = []
        for finding in look.findings {
            guard found.count < limit else { break }
            if let record = try record(of: finding) {
                found.append(record)
            } else {
                gone.insert(finding.candidate.place)
            }
        }
        gone.formUnion(look.gone)
        goneRows += look.gone.count
        if found.count == limit || isAtEnd && !look.isCut { return found }
        rows.removeAll { gone.contains($0.place) }
        ahead = min(max(2 * ahead, 64), Self.mostAhead)
        return nil
    }

    /// What had become of a row; `nil` where it was gone, or is not in the scope.
    private func record(of finding: Look.Finding) throws(StoreError) -> StoredRecord? {
        let place = finding.candidate.place
        let row = if let row = finding.candidate.row { row } else { try log.row(at: place) }
        guard let id = RecordID(encoded: row.encodedID) else { throw .damaged(log.path, at: place.offset, "a name") }
        guard scope.includes(id) else { return nil }
        let key = RecordKey(id: id, revision: row.revision)
        for entry in finding.entries {
            if entry.place == place { return StoredRecord(key: key, sealed: row.sealed) }
            if let sealed = try log.sealed(of: row.encodedID.span, at: entry) {
                if entry.revision == row.revision { return StoredRecord(key: key, sealed: sealed) }
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
