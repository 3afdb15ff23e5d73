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
    func currentRows(of batch: WriteBatch) -> [CurrentRow] {
        var rows: [CurrentRow] = []
        for change in batch.changes {
            switch change {
            case .replace(let key, _, _, _, _), .rewrap(let key, _, _), .deleteRetained(let key), .insert(let key, _):
                if let row = currentRow(of: key.id) { rows.append(row) }
            case .delete(let id, _): if let row = currentRow(of: id) { rows.append(row) }
            case .deleteTenant, .raiseFloor: continue
            }
        }
        return rows
    }

    private func currentRow(of id: RecordID) -> CurrentRow? {
        // What fails here fails again, and is told, when the batch is planned.
        guard let (log, entry) = try? place(of: id, below: nil),
            let sealed = try? log.sealed(of: id.encoded.span, at: entry)
        else { return nil }
        return CurrentRow(log: log, id: id, entry: entry, sealed: sealed)
    }
}
