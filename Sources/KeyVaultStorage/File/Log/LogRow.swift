/// A row as the log has it.
struct LogRow {
    let encodedID: [UInt8]
    let revision: UInt64
    let sealed: [UInt8]

    var sortKey: SortKey { SortKey(encodedID.span, revision: revision) }
}
