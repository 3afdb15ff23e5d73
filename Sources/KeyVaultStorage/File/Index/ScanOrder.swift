import KeyVaultFormat

/// The rows in the order of a scan: built when a scan first needs it, and kept from then on.
///
/// It holds places rather than names, 8 bytes a row: a search reads some 20 names from the log, which a page of a scan reads a
/// hundred of anyway. A place names the row that it was the place of when it was noted, which stays readable whatever becomes of the row, since
/// the log is only appended to: whoever walks along looks the row up in the index, and passes over what is gone.
struct ScanOrder {
    struct Row {
        let key: SortKey
        let place: RowIndex.Place
        /// Under which the index has the row, while it is there.
        let hash: UInt64
    }

    /// Never changed, so that whoever walks along it knows whether it is still the order.
    final class Base: Sendable {
        let places: [RowIndex.Place]

        init(_ places: [RowIndex.Place]) { self.places = places }
    }

    /// More recent rows than this are taken over into the base before the next scan.
    private static let mergeCount = 256
    /// With many more than this, and an eighth of the base, building anew is cheaper.
    private static let keepCount = 4096

    /// Sorted; `nil` until it is built.
    private(set) var base: Base?
    /// The rows that came after the building began; sorted by ``sortRecent()``.
    private(set) var recent: [Row] = []
    private var isSorted = true
    private var isBuilding = false

    init(isBuilding: Bool = false) { self.isBuilding = isBuilding }

    var isBuilt: Bool { base != nil }
    var needsMerge: Bool { recent.count > Self.mergeCount }

    /// From now on new rows are noted.
    mutating func beginBuilding() { self = ScanOrder(isBuilding: true) }

    /// The recent rows, which are given away while ``isBuilding``, in no order; `nil` where they are so few that they may stay, or more
    /// than `most`.
    mutating func takeRecent(atMost most: Int) -> [Row]? {
        guard needsMerge, recent.count <= most else { return nil }
        defer { recent = [] }
        return recent
    }

    /// - Parameter rows: those that there were when the building began, and of those that were taken since all that are still
    ///   there, sorted.
    mutating func finishBuilding(_ rows: [RowIndex.Place]) { (base, isBuilding) = (Base(rows), false) }

    mutating func note(_ key: RecordKey, _ entry: RowIndex.Entry) {
        guard isBuilding || recent.count < max(Self.keepCount, (base?.places.count ?? 0) / 8) else {
            self = ScanOrder()
            return
        }
        guard isBuilding || isBuilt else { return }
        recent.append(Row(key: SortKey(key), place: entry.place, hash: entry.hash))
        isSorted = false
    }

    mutating func sortRecent() {
        if !isSorted { recent.sort() }
        isSorted = true
    }

    /// The base with `rows` in it, which are sorted, given where in it each belongs.
    func merged(with rows: [Row], _ position: (SortKey) throws(StoreError) -> Int) throws(StoreError) -> [RowIndex
        .Place]
    {
        let old = base?.places ?? []
        var merged: [RowIndex.Place] = []
        merged.reserveCapacity(old.count + rows.count)
        var taken = 0
        for row in rows {
            let next = try position(row.key)
            merged += old[taken..<next]
            merged.append(row.place)
            taken = next
        }
        return merged + old[taken...]
    }

    /// Takes `base` for the base, which holds all rows that lie before `end` and are still there.
    mutating func finishMerging(_ base: [RowIndex.Place], before end: UInt64) {
        guard isBuilt else { return }
        self.base = Base(base)
        recent.removeAll { $0.place.offset < end }
    }
}

/// Bytes whose order is that of ``RecordKey``: each name and a zero byte, which no name holds, then the revision.
struct SortKey: Comparable {
    let bytes: [UInt8]

    /// Comes behind every row of a tenant of the vault's own, whose names begin with `_`, and before all that are behind them.
    static let behindReserved = SortKey(bytes: [UInt8(ascii: "_") + 1])

    private init(bytes: [UInt8]) { self.bytes = bytes }

    init(_ key: RecordKey) { self.init(key.id.encoded.span, revision: key.revision) }

    /// Comes before every row of `tenant`, and is the beginning of each.
    init(tenant: String) { bytes = Array(tenant.utf8) + [0] }

    init(_ encodedID: Span<UInt8>, revision: UInt64) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(encodedID.count + 8)
        var start = 0
        while start < encodedID.count {
            let end = start + 1 + Int(encodedID[start])
            for index in (start + 1)..<end { bytes.append(encodedID[index]) }
            bytes.append(0)
            start = end
        }
        bytes.append(bigEndian: revision)
        self.bytes = bytes
    }

    /// Of the row whose key it is.
    var revision: UInt64 { bytes.span.uint64(at: bytes.count - 8) }

    var isReserved: Bool { bytes.first == UInt8(ascii: "_") }

    func hasPrefix(_ other: SortKey) -> Bool { bytes.starts(with: other.bytes) }

    static func < (left: SortKey, right: SortKey) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }
}

extension [ScanOrder.Row] {
    mutating func sort() { sort { $0.key < $1.key } }
}
