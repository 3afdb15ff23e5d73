import KeyVaultFormat

/// The rows of a ``MemoryStore``, and what each change does to them.
struct MemoryRows {
    /// The rows of each id, the oldest revision first; never an empty list.
    private var rows: [RecordID: [StoredRecord]] = [:]
    /// The ids in the order of a scan.
    private var order: [RecordID] = []

    subscript(key: RecordKey) -> StoredRecord? { rows[key.id]?.first { $0.revision == key.revision } }

    func current(of id: RecordID) -> StoredRecord? { rows[id]?.last }

    func scan(_ scope: ScanScope, after cursor: RecordKey?, limit: Int) -> [StoredRecord] {
        var page: [StoredRecord] = []
        var index = cursor.map { cursor in order.partitioningIndex { $0 >= cursor.id } } ?? 0
        while index < order.count, page.count < limit {
            let id = order[index]
            if scope.includes(id), let all = rows[id] {
                let shown = scope.isCurrentOnly ? all.suffix(1) : all[...]
                page += shown.filter { row in cursor.map { $0 < row.key } ?? true }.prefix(limit - page.count)
            }
            index += 1
        }
        return page
    }

    /// Applies all of `changes`, or none of them when one is refused.
    mutating func apply(_ changes: [RecordChange], floor: inout UInt64) throws(StoreError) {
        var undo: [(RecordID, [StoredRecord]?)] = []
        let oldFloor = floor
        do {
            for change in changes { try apply(change, floor: &floor, undo: &undo) }
        } catch {
            for (id, old) in undo.reversed() { set(id, old) }
            floor = oldFloor
            throw error
        }
    }

    private mutating func apply(
        _ change: RecordChange, floor: inout UInt64, undo: inout [(RecordID, [StoredRecord]?)]
    ) throws(StoreError) {
        switch change {
        case .insert(let key, let sealed):
            guard rows[key.id] == nil, key.revision > floor else { throw .conflict(over: key.id) }
            undo.append((key.id, nil))
            set(key.id, [StoredRecord(key: key, sealed: sealed)])

        case .replace(let key, let sealed, let replacing, let commitment, let retained):
            guard var all = rows[key.id], let old = all.last, old.revision == replacing, key.revision > replacing,
                commitment.map(old.carries) ?? true
            else { throw .conflict(over: key.id) }
            undo.append((key.id, all))
            all.removeLast()
            if let retained { all.append(StoredRecord(key: old.key, sealed: retained)) }
            all.append(StoredRecord(key: key, sealed: sealed))
            set(key.id, all)

        case .rewrap(let key, let sealed, let commitment):
            guard var all = rows[key.id], let index = all.firstIndex(where: { $0.key == key }),
                all[index].carries(commitment)
            else { throw .conflict(over: key.id) }
            undo.append((key.id, all))
            all[index].sealed = sealed
            set(key.id, all)

        case .delete(let id, let revision):
            let all = rows[id]
            if let revision, all?.last?.revision != revision { throw .conflict(over: id) }
            undo.append((id, all))
            floor = max(floor, all?.last?.revision ?? 0)
            set(id, nil)

        case .deleteRetained(let key):
            guard var all = rows[key.id], let index = all.firstIndex(where: { $0.key == key }) else { return }
            guard index < all.count - 1 else { throw .conflict(over: key.id) }
            undo.append((key.id, all))
            all.remove(at: index)
            set(key.id, all)

        case .deleteTenant(let tenant):
            for id in order where ScanScope.everythingOf(tenant: tenant).includes(id) {
                undo.append((id, rows[id]))
                floor = max(floor, rows[id]?.last?.revision ?? 0)
                set(id, nil)
            }

        case .raiseFloor(let revision):
            floor = max(floor, revision)
        }
    }

    private mutating func set(_ id: RecordID, _ all: [StoredRecord]?) {
        let existed = rows.updateValue(all ?? [], forKey: id) != nil
        if all == nil { rows[id] = nil }
        guard existed != (all != nil) else { return }
        let index = order.partitioningIndex { $0 >= id }
        if existed { order.remove(at: index) } else { order.insert(id, at: index) }
    }
}
