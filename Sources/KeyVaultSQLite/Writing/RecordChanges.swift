import KeyVaultFormat
import KeyVaultStorage

/// What each ``RecordChange`` does to the table `records`, within the transaction of the writer.
struct RecordChanges {
    private let connection: Connection
    private let reads: RecordReads
    private let insert: Statement
    private let move: Statement
    private let update: Statement
    private let rewrap: Statement
    private let deleteRow: Statement
    private let deleteID: Statement
    private let highestOfTenant: Statement
    private let deleteTenant: Statement
    private let openSavepoint: Statement
    private let releaseSavepoint: Statement
    private let rollbackToSavepoint: Statement

    init(_ connection: Connection) throws(StoreError) {
        let id = "tenant = ?1 AND provider = ?2 AND label = ?3"
        self.connection = connection
        reads = try RecordReads(connection)
        insert = try connection.prepare(
            "INSERT INTO records (tenant, provider, label, revision, sealed) VALUES (?1, ?2, ?3, ?4, ?5)")
        move = try connection.prepare(
            "UPDATE records SET revision = ?5, sealed = ?6 WHERE \(id) AND revision = ?4")
        update = try connection.prepare("UPDATE records SET sealed = ?5 WHERE \(id) AND revision = ?4")
        // Compared where it lies: a row is neither loaded nor looked for twice.
        let commitment = SealedRecord.commitmentRange
        rewrap = try connection.prepare(
            """
            UPDATE records SET sealed = ?5 WHERE \(id) AND revision = ?4 AND length(sealed) >= \(commitment.upperBound) \
            AND substr(sealed, \(commitment.lowerBound + 1), \(commitment.count)) = ?6
            """)
        deleteRow = try connection.prepare("DELETE FROM records WHERE \(id) AND revision = ?4")
        deleteID = try connection.prepare("DELETE FROM records WHERE \(id)")
        highestOfTenant = try connection.prepare("SELECT max(revision) FROM records WHERE tenant = ?1")
        deleteTenant = try connection.prepare("DELETE FROM records WHERE tenant = ?1")
        openSavepoint = try connection.prepare("SAVEPOINT batch")
        releaseSavepoint = try connection.prepare("RELEASE batch")
        rollbackToSavepoint = try connection.prepare("ROLLBACK TO batch")
    }

    /// Applies all of `changes`, or none of them where one is refused.
    ///
    /// One change alone that is a single statement has done nothing where it is refused, and needs no savepoint.
    func apply(_ changes: [RecordChange], floor: inout UInt64) throws(StoreError) {
        if let only = changes.first, changes.count == 1, only.isOneStatement { return try apply(only, floor: &floor) }
        try openSavepoint.run()
        do throws(StoreError) {
            for change in changes { try apply(change, floor: &floor) }
        } catch {
            // Where SQLite has ended the transaction by itself there is no savepoint left; the caller rolls back anyway.
            try? rollbackToSavepoint.run()
            try? releaseSavepoint.run()
            throw error
        }
        try releaseSavepoint.run()
    }

    private func apply(_ change: RecordChange, floor: inout UInt64) throws(StoreError) {
        switch change {
        case .insert(let key, let sealed):
            guard key.revision > floor, try reads.current(of: key.id) == nil else { throw .conflict(over: key.id) }
            try put(sealed, at: key)

        case .replace(let key, let sealed, let replacing, let commitment, let retained):
            guard let old = try reads.current(of: key.id), old.revision == replacing, key.revision > replacing,
                commitment.map(old.carries) ?? true
            else { throw .conflict(over: key.id) }
            if let retained {
                try exchange(old.key, for: retained)
                try put(sealed, at: key)
            } else {
                move.bind(old.key)
                move.bind(Int64(clamping: key.revision), at: 5)
                move.bind(blob: sealed, at: 6)
                try move.run()
            }

        case .rewrap(let key, let sealed, let commitment):
            // A rotation does this for every row: nothing is copied but the commitment.
            rewrap.bind(Int64(clamping: key.revision), at: 4)
            rewrap.bind(blob: commitment, at: 6)
            try rewrap.withNames(of: key.id) { () throws(StoreError) in
                try rewrap.withBlob(sealed, at: 5) { () throws(StoreError) in try rewrap.run() }
            }
            if connection.changes == 0 { throw .conflict(over: key.id) }

        case .delete(let id, let revision):
            try delete(id, revision: revision, floor: &floor)

        case .deleteRetained(let key):
            // A number that no column holds is no row's.
            guard key.revision <= WriteBatch.maximumRevision else { return }
            guard let current = try reads.current(of: key.id) else { return }
            guard current.key != key else { throw .conflict(over: key.id) }
            deleteRow.bind(key)
            try deleteRow.run()

        case .deleteTenant(let tenant):
            let name = ArraySlice(tenant.utf8)
            highestOfTenant.bind(text: name, at: 1)
            defer { highestOfTenant.reset() }
            // One row in any case: that of `max`.
            _ = try highestOfTenant.step()
            floor = max(floor, UInt64(clamping: highestOfTenant.integer(0) ?? 0))
            deleteTenant.bind(text: name, at: 1)
            try deleteTenant.run()

        case .raiseFloor(let revision):
            floor = max(floor, revision)
        }
    }

    private func delete(_ id: RecordID, revision: UInt64?, floor: inout UInt64) throws(StoreError) {
        let current: StoredRecord?
        do throws(StoreError) {
            current = try reads.current(of: id)
        } catch  where error.code == .corrupt && revision == nil {
            // A row whose revision is no revision: there is nothing to compare, and it can be deleted all the same.
            current = nil
        }
        if let revision, current?.revision != revision { throw .conflict(over: id) }
        floor = max(floor, current?.revision ?? 0)
        deleteID.bind(id)
        try deleteID.run()
    }

    private func put(_ sealed: [UInt8], at key: RecordKey) throws(StoreError) {
        insert.bind(key)
        insert.bind(blob: sealed, at: 5)
        try insert.run()
    }

    private func exchange(_ key: RecordKey, for sealed: [UInt8]) throws(StoreError) {
        update.bind(key)
        update.bind(blob: sealed, at: 5)
        try update.run()
    }
}

extension RecordChange {
    /// Whether it writes once. Both that a retained row asks for may be refused, by an index of the operator's.
    fileprivate var isOneStatement: Bool {
        if case .replace(_, _, _, _, retained: .some) = self { false } else { true }
    }
}
