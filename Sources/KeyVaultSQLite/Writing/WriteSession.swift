import KeyVaultFormat
import KeyVaultStorage

/// The connection that writes, the lock between processes, and one transaction at a time.
struct WriteSession: ~Copyable {
    /// Pages in the write-ahead log from which on it is copied into the database: SQLite's own figure.
    private static let checkpointDistance = 1_000

    /// Of its files.
    let places: StorePlaces
    private let lock: FileLock
    private let connection: Connection
    private let vault: VaultTable
    private let upsert: VaultUpsert
    private let changes: RecordChanges
    private let beginStatement: Statement
    private let commitStatement: Statement
    private let dataVersionStatement: Statement
    private var pagesAtCheckpoint = 0

    /// Takes over the connection.
    init(_ opening: Opening) throws(StoreError) {
        let connection = opening.connection
        // FULL: a commit is on the disk when it returns. Freed bytes are overwritten with zeros.
        try connection.execute("PRAGMA synchronous = FULL; PRAGMA secure_delete = ON")
        // The writer's thread waits by itself, so that it can do other things meanwhile.
        connection.setBusyTimeout(.zero)
        let (vault, upsert) = (try VaultTable(connection), try VaultUpsert(connection))
        let changes = try RecordChanges(connection)
        let (begin, commit) = (try connection.prepare("BEGIN IMMEDIATE"), try connection.prepare("COMMIT"))
        let dataVersion = try connection.prepare("PRAGMA data_version")
        places = opening.places
        lock = opening.lock
        self.connection = connection
        self.vault = vault
        self.upsert = upsert
        self.changes = changes
        beginStatement = begin
        commitStatement = commit
        dataVersionStatement = dataVersion
    }

    /// Begins a transaction under the lock, which may be held already, or says that somebody else has either.
    func begin() throws(StoreError) -> Bool {
        guard try lock.tryLock() else { return false }
        do throws(StoreError) {
            try places.check()
            try beginStatement.run()
            return true
        } catch {
            lock.unlock()
            if error.code == .busy { return false }
            throw error
        }
    }

    /// Does all of `works` in the transaction that was begun, and commits it once for all of them.
    ///
    /// One that is refused leaves the others alone. Where SQLite itself fails, none of them has happened.
    func perform(_ works: [WriteJob.Work]) throws(StoreError) -> [Result<Void, StoreError>] {
        do throws(StoreError) {
            let before = try vault.read()
            var head = before
            var results: [Result<Void, StoreError>] = []
            for work in works {
                do throws(StoreError) {
                    head = try perform(work, on: head)
                    results.append(.success(()))
                } catch  where error.isRefusal {
                    results.append(.failure(error))
                }
            }
            if let head, head != before { try upsert.write(head) }
            try commitStatement.run()
            return results
        } catch {
            // SQLite may have rolled back by itself; then this fails, and nothing is left to do.
            try? connection.execute("ROLLBACK")
            throw error
        }
    }

    /// Why a job that waited in vain is given up.
    func busy() -> StoreError { .busy(connection.path) }

    /// Lets the others go on, after a checkpoint where one is due: no commit of theirs can overlap it.
    mutating func end() {
        let pages = connection.pagesInLog
        // The log has begun anew since.
        if pages < pagesAtCheckpoint { pagesAtCheckpoint = 0 }
        if pages - pagesAtCheckpoint >= Self.checkpointDistance {
            // One that fails has lost nothing: the log is still there, and the next one begins where this one did.
            try? connection.checkpoint()
            pagesAtCheckpoint = pages
        }
        lock.unlock()
    }

    /// Moves when another connection has committed, and with nothing else. Reads shared memory, not the disk.
    func dataVersion() -> Result<UInt64, StoreError> {
        defer { dataVersionStatement.reset() }
        return Result { () throws(StoreError) in
            _ = try dataVersionStatement.step()
            return UInt64(clamping: dataVersionStatement.integer(0) ?? 0)
        }
    }

    /// Closes the connection. The last one of all to be closed leaves one complete file and no log, where the lock is free and
    /// all files are in their places: SQLite would delete what lies there by now.
    consuming func close() {
        let lock = lock
        if (try? lock.tryLock()) == true, (try? places.check()) != nil { try? connection.setCheckpointOnClose(true) }
        // Here the connection is closed, with the last of its statements, and still under the lock.
        _ = consume self
        lock.unlock()
    }

    private func perform(_ work: WriteJob.Work, on head: StoreHead?) throws(StoreError) -> StoreHead? {
        switch work {
        case .create(let header, let generation):
            guard head == nil else {
                throw StoreError(.exists, "\(connection.path) holds a vault already. Open it, or choose another path.")
            }
            return StoreHead(header: header, generation: generation, revisionFloor: 0)
        case .write(let batch):
            guard var head else {
                throw StoreError(.notFound, "\(connection.path) holds no vault yet. Create one first.")
            }
            try head.check(batch)
            try changes.apply(batch.changes, floor: &head.revisionFloor)
            if let header = batch.header { head.replaceHeader(by: header) }
            return head
        }
    }
}

extension StoreError {
    /// Whether the store said no to one batch, as against SQLite failing under it.
    fileprivate var isRefusal: Bool {
        switch code {
        case .conflict, .staleHeader, .exists, .notFound, .invalid: true
        default: false
        }
    }
}
