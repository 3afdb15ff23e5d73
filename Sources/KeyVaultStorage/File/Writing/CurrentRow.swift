import KeyVaultFormat

/// A row as it was read a moment ago: where it still lies there, it is still so.
struct CurrentRow: Sendable {
    let log: LogFile
    let id: RecordID
    let entry: RowIndex.Entry
    let sealed: [UInt8]
}

extension FileLog {
    /// The current rows of the ids that `batch` is about, so far as there are any that can be read.
    ///
    /// - Returns: `nil` where planning the batch takes long: it has many changes, or an id of it has many rows. One that deletes a
    ///   tenant has to see every row.
    func currentRows(of batch: WriteBatch) -> [CurrentRow]? {
        let few = 8
        guard batch.changes.count <= few else { return nil }
        var rows: [CurrentRow] = []
        for change in batch.changes {
            let id: RecordID
            switch change {
            case .replace(let key, _, _, _, _), .rewrap(let key, _, _), .deleteRetained(let key), .insert(let key, _):
                id = key.id
            case .delete(let deleted, _): id = deleted
            case .deleteTenant: return nil
            case .raiseFloor: continue
            }
            let (log, entries) = shared.withLock { shared in
                let hash = shared.log.hash(id.encoded.span)
                return (shared.log, shared.index.entries(of: hash))
            }
            guard entries.count <= few else { return nil }
            // What fails here fails again, and is told, when the batch is planned.
            if let entry = entries.first, let row = try? log.row(of: id, at: entry) {
                rows.append(CurrentRow(log: log, id: id, entry: entry, sealed: row.sealed))
            }
        }
        return rows
    }
}
