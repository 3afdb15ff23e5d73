import KeyVaultFormat
import KeyVaultStorage

/// The statements that walk over the table `records`, each in the order of its primary key.
struct RecordScans {
    private let everything: Statement
    private let current: Statement
    private let everythingOfTenant: Statement
    private let currentOfTenant: Statement
    private let path: String

    init(_ connection: Connection) throws(StoreError) {
        path = connection.path
        let columns = "SELECT tenant, provider, label, revision, \(Statement.boundedSealed) FROM records AS row"
        let all = "WHERE (tenant, provider, label, revision) > (?1, ?2, ?3, ?4)"
        let one = "WHERE tenant = ?1 AND (provider, label, revision) > (?2, ?3, ?4)"
        let highest = """
            NOT EXISTS (SELECT 1 FROM records AS higher WHERE higher.tenant = row.tenant \
            AND higher.provider = row.provider AND higher.label = row.label AND higher.revision > row.revision)
            """
        let page = "ORDER BY tenant, provider, label, revision LIMIT ?5"
        everything = try connection.prepare("\(columns) \(all) \(page)")
        // What lies before the names that begin with an underscore, then what lies behind them. A condition on both at once would
        // walk over all between them, where any number of tokens may lie: 30 ms for 100,000.
        let behind = "WHERE (tenant, provider, label, revision) > (?6, ?7, ?8, ?9)"
        current = try connection.prepare(
            "\(columns) \(all) AND tenant < '_' AND \(highest) UNION ALL \(columns) \(behind) AND \(highest) \(page)")
        everythingOfTenant = try connection.prepare("\(columns) \(one) \(page)")
        currentOfTenant = try connection.prepare("\(columns) \(one) AND \(highest) \(page)")
    }

    /// One page. A row whose name is none ends it with `corrupt`: leaving it out would hide the damage from `verify`.
    func page(of scope: ScanScope, after cursor: RecordKey?, limit: Int) throws(StoreError) -> [StoredRecord] {
        guard limit > 0 else { return [] }
        switch scope {
        case .everything: return try page(everything, after: cursor, limit: limit)
        case .current:
            let first = ArraySlice("`".utf8)
            if let cursor, !cursor.id.nameBytes(at: 0).lexicographicallyPrecedes(first) {
                current.bind(cursor, at: 6)
            } else {
                bindStart(of: first, in: current, at: 6)
            }
            return try page(current, after: cursor, limit: limit)
        case .everythingOf(let tenant): return try page(everythingOfTenant, of: tenant, after: cursor, limit: limit)
        case .currentOf(let tenant): return try page(currentOfTenant, of: tenant, after: cursor, limit: limit)
        }
    }

    private func page(
        _ statement: Statement, after cursor: RecordKey?, limit: Int
    ) throws(StoreError) -> [StoredRecord] {
        if let cursor { statement.bind(cursor) } else { bindStart(of: [], in: statement) }
        return try rows(of: statement, limit: limit)
    }

    private func page(
        _ statement: Statement, of tenant: String, after cursor: RecordKey?, limit: Int
    ) throws(StoreError) -> [StoredRecord] {
        let tenant = ArraySlice(tenant.utf8)
        if let cursor, cursor.id.nameBytes(at: 0).elementsEqual(tenant) {
            statement.bind(cursor)
        } else if let cursor, tenant.lexicographicallyPrecedes(cursor.id.nameBytes(at: 0)) {
            return []
        } else {
            bindStart(of: tenant, in: statement)
        }
        return try rows(of: statement, limit: limit)
    }

    /// Binds what lies before every row of `tenant`, damaged ones included.
    private func bindStart(of tenant: ArraySlice<UInt8>, in statement: Statement, at index: Int32 = 1) {
        statement.bind(text: tenant, at: index)
        statement.bind(text: [], at: index + 1)
        statement.bind(text: [], at: index + 2)
        statement.bind(Int64.min, at: index + 3)
    }

    private func rows(of statement: Statement, limit: Int) throws(StoreError) -> [StoredRecord] {
        statement.bind(Int64(limit), at: 5)
        defer { statement.reset() }
        var rows: [StoredRecord] = []
        while try statement.step() {
            let row = try statement.record(path: path)
            // The next page begins behind the last row of this one: in a tree whose rows are not in their order, that leads back.
            if let last = rows.last, row.key <= last.key {
                throw StoreError(.corrupt, "The records in \(path) are not in their order. Restore a backup.")
            }
            rows.append(row)
        }
        return rows
    }
}
