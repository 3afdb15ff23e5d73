package import KeyVaultFormat

extension FileLog {
    package func head() throws(StoreError) -> StoreHead? {
        let head = try withShared { shared throws(StoreError) in shared.head }
        try checkPlace()
        return head
    }

    /// Refuses to go on where the log or its lock was moved or deleted.
    func checkPlace() throws(StoreError) {
        while true {
            let (log, incoming) = try withShared { shared throws(StoreError) in (shared.log, shared.incoming) }
            do throws(StoreError) {
                try log.checkPlace()
                break
            } catch {
                if let incoming, (try? incoming.checkPlace()) != nil { break }
                // Unless a compaction has gone on meanwhile.
                let isStill = try withShared { shared throws(StoreError) in
                    shared.log === log && shared.incoming === incoming
                }
                if isStill { throw error }
            }
        }
        // Within: a reference that went out could keep the lock held when a close has returned.
        try lock.withLock { held throws(StoreError) in
            guard let held else { throw .closed }
            try Self.checkLock(held, of: paths)
        }
    }

    /// The row of `id` with the highest revision.
    package func read(_ id: RecordID) throws(StoreError) -> StoredRecord? {
        let found = try withShared { shared throws(StoreError) in
            shared.index.highest(shared.log.hash(id.encoded.span)).map { (shared.log, $0) }
        }
        guard let (log, entry) = found else { return nil }
        if let row = try log.row(of: id, at: entry) { return row }
        // It is another id's of the same hash.
        return try firstRow(of: id) { shared, hash in shared.index.entries(of: hash) }
    }

    /// The row of `id` at exactly `revision`.
    package func read(_ id: RecordID, revision: UInt64) throws(StoreError) -> StoredRecord? {
        try firstRow(of: id) { shared, hash in shared.index.entries(of: hash, at: revision) }
    }

    /// The first of `candidates` that is a row of `id`.
    @inline(never)
    private func firstRow(
        of id: RecordID, among candidates: (Shared, _ hash: UInt64) -> [RowIndex.Entry]
    ) throws(StoreError) -> StoredRecord? {
        let (log, entries) = try withShared { shared throws(StoreError) in
            (shared.log, candidates(shared, shared.log.hash(id.encoded.span)))
        }
        for entry in entries { if let row = try log.row(of: id, at: entry) { return row } }
        return nil
    }
}
