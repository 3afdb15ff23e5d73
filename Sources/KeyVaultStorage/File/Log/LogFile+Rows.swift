import KeyVaultFormat

extension LogFile {
    /// Calls `body` with the put at `place`: whose row it is, where its sealed bytes begin, and all bytes of the frame.
    @inline(__always)
    func withPut<Result>(
        at place: RowIndex.Place,
        _ body: (FrameContent.Name, _ sealedFrom: Int, Span<UInt8>) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try withFrame(at: place) { frame, bytes throws(StoreError) in
            guard case .put(let row, let start) = FrameContent(frame, bytes) else {
                throw .damaged(path, at: place.offset, "a row")
            }
            return try body(row, start, bytes)
        }
    }

    /// Whether the put at `place` is of the id that is encoded as `name`.
    func isRow(of name: Span<UInt8>, at place: RowIndex.Place) throws(StoreError) -> Bool {
        try withPut(at: place) { row, _, bytes in bytes.extracting(row.range).equals(name) }
    }

    /// The row of `id` at `entry`; `nil` where that is another id's.
    @inline(__always)
    func row(of id: RecordID, at entry: RowIndex.Entry) throws(StoreError) -> StoredRecord? {
        guard let sealed = try sealed(of: id.encoded.span, at: entry) else { return nil }
        return StoredRecord(key: RecordKey(id: id, revision: entry.revision), sealed: sealed)
    }

    /// The sealed bytes of the row at `entry`; `nil` where it is of another id than the one that is encoded as `name`.
    func sealed(of name: Span<UInt8>, at entry: RowIndex.Entry) throws(StoreError) -> [UInt8]? {
        try withPut(at: entry.place) { row, start, bytes throws(StoreError) in
            guard row.revision == entry.revision else { throw .damaged(path, at: entry.place.offset, "a row") }
            return bytes.extracting(row.range).equals(name) ? sealed(in: bytes, from: start) : nil
        }
    }

    /// The rows of `entries` in the order of their names. An entry that is none of the row where it leads, as a hint that somebody has
    /// forged may have them, is damage: nobody would find the row.
    func sorted(_ entries: [RowIndex.Entry]) throws(StoreError) -> [ScanOrder.Row] {
        var rows: [ScanOrder.Row] = []
        rows.reserveCapacity(entries.count)
        for entry in entries.sorted(by: { $0.place < $1.place }) {
            let row = try row(at: entry.place)
            guard row.revision == entry.revision, hash(of: row) == entry.hash else {
                throw .damaged(path, at: entry.place.offset, "a row")
            }
            rows.append(ScanOrder.Row(key: row.sortKey, place: entry.place, hash: entry.hash))
        }
        rows.sort()
        return rows
    }

    /// Where in `base`, which is sorted, the first row lies that is not before `key`.
    func firstIndex(in base: [RowIndex.Place], notBelow key: SortKey) throws(StoreError) -> Int {
        try base.partitioningIndex { place throws(StoreError) in try row(at: place).sortKey >= key }
    }

    /// The sealed bytes of a put; none where they are more than a record has, which no store would take: the row is damaged.
    private func sealed(in put: Span<UInt8>, from start: Int) -> [UInt8] {
        put.count - start <= SealedRecord.maximumLength ? put.array(start..<put.count) : []
    }

    func hash(of row: LogRow) -> UInt64 { hash(row.encodedID.span) }

    func row(at place: RowIndex.Place) throws(StoreError) -> LogRow {
        try withPut(at: place) { row, start, bytes in
            LogRow(encodedID: bytes.array(row.range), revision: row.revision, sealed: sealed(in: bytes, from: start))
        }
    }
}
