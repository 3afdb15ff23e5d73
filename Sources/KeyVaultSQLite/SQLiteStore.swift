public import KeyVaultFormat
public import KeyVaultStorage

/// A vault in one SQLite database; several processes of one machine may use it at once.
///
/// The table `records` has the columns `tenant`, `provider`, `label`, `revision` and `sealed`, so that operators can join on the
/// names and delete by tenant (SPEC.md section 7.1). Beside the file lie its write-ahead log (`PATH-wal`), SQLite's shared memory
/// (`PATH-shm`) and our lock (`PATH-lock`). A database that is made here belongs to its owner alone (mode 0600), and so does the
/// lock; the log and the shared memory are as open as the database. The file has to lie on a local file system:
/// another one is refused unless you say otherwise.
///
/// One of these files that is moved or deleted while the store is open is noticed: writes, scans, ``readHead()`` and
/// ``foreignChanges()`` throw `io` until it is back, and once the last has, all reads do.
///
/// A commit is on the disk before ``write(_:)`` returns (`synchronous = FULL`). Batches that come in while one is being
/// committed share the next commit.
///
/// ## The WAL-reset bug
///
/// SQLite 3.7.0 to 3.51.2 can lose committed data when one connection commits, and thereby restarts the log, while another
/// one is copying the log into the database ([sqlite.org/wal.html#walresetbug](https://sqlite.org/wal.html#walresetbug)).
/// Debian 12 has 3.40.1. This store cannot run into it with any version:
///
/// - Whoever commits and whoever copies the log (a checkpoint) holds an exclusive lock between processes on `PATH-lock`
///   throughout. Hence no commit ever overlaps a checkpoint, which the bug needs.
/// - Only the one connection that writes copies the log. SQLite's own checkpoints, after a commit and at the close of a
///   connection, are off; the last connection's is allowed, under the lock and under SQLite's exclusive lock of the file.
/// - Recovery of the log after a crash, which any connection may have to do, is not a checkpoint: it only rebuilds the index
///   of the log, and holds all of SQLite's locks meanwhile.
///
/// What is left: a foreign tool, such as the `sqlite3` shell, does not know our lock. A commit that it has begun may overlap this
/// store's copying of the log (it cannot begin one meanwhile: SQLite's own lock on writers is held, where it was free), and its own
/// checkpoint a commit of this store. With a SQLite older than 3.51.3 (or the patched 3.50.7 and 3.44.6), write with foreign
/// tools only while the vault is closed.
public final class SQLiteStore: RecordStore {
    /// The file, its name resolved.
    public let path: String

    private let readers: ReaderPool
    private let places: StorePlaces
    let writer: Writer
    private let owner = CurrentProcess.id
    /// The process that opened the first one: SQLite keeps what it knows of locks for a whole process.
    private static let firstOwner = CurrentProcess.id

    /// Opens the store at `path`. What it costs does not depend on how many records there are.
    ///
    /// - Parameters:
    ///   - path: A file; `-wal`, `-shm` and `-lock` are added to its name for those beside it.
    ///   - create: Whether to make an empty store where there is none. The directory has to be there.
    ///   - busyTimeout: How long a write waits for another process before it throws `busy`.
    ///   - allowsNetworkFileSystems: Whether the file may lie on a network file system, whose locks and syncs you know to be
    ///     reliable, and that one machine alone uses: SQLite's processes share memory.
    /// - Throws: ``StoreError``: `notFound`, `exists` where a log lies there without its database, `readOnly`, `foreign`,
    ///   `newer`, `corrupt`, `busy`, `full`, `invalid` on a network file system, `io`; `closed` in a child that `fork` made.
    public static func open(
        _ path: String, create: Bool = false, busyTimeout: Duration = .seconds(5),
        allowsNetworkFileSystems: Bool = false
    ) async throws(StoreError) -> SQLiteStore {
        try StoreError.check(path: path)
        try check(firstOwner, path)
        let (writer, places) = try await Writer.start(
            path: path, create: create, patience: busyTimeout, allowsNetwork: allowsNetworkFileSystems)
        return SQLiteStore(places, readers: ReaderPool(places: places, patience: busyTimeout), writer: writer)
    }

    private init(_ places: StorePlaces, readers: ReaderPool, writer: Writer) {
        path = places.path
        self.places = places
        self.readers = readers
        self.writer = writer
    }

    /// A store that nobody closed ends its thread all the same.
    deinit {
        guard CurrentProcess.id == owner else { return }
        readers.close()
        writer.queue.close()
    }

    /// A child that `fork` made has no thread that writes, and SQLite believes that it holds locks which are its parent's.
    private static func check(_ owner: Int32, _ path: String) throws(StoreError) {
        guard CurrentProcess.id == owner else {
            throw StoreError(
                .closed,
                "This process is a child of process \(owner), which has opened SQLite databases, and cannot use \(path). Start a "
                    + "new program (exec) that opens it.")
        }
    }

    @inline(__always)
    private func withReader<Result>(
        _ body: (Reader) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try Self.check(owner, path)
        return try readers.withReader(body)
    }

    public var kind: String { "sqlite" }

    public func readHead() async throws(StoreError) -> StoreHead? {
        try withReader { reader throws(StoreError) in
            try readers.checkPlaces()
            return try reader.vault.read()
        }
    }

    public func create(header: [UInt8], generation: UInt64) async throws(StoreError) {
        try StoreHead.checkCreation(header: header, generation: generation)
        try Self.check(owner, path)
        try await writer.queue.submit(.create(header: header, generation: generation))
    }

    public func read(_ id: RecordID) async throws(StoreError) -> StoredRecord? {
        try withReader { reader throws(StoreError) in try reader.records.current(of: id) }
    }

    public func read(_ key: RecordKey) async throws(StoreError) -> StoredRecord? {
        try withReader { reader throws(StoreError) in try reader.records.row(key) }
    }

    /// One page of rows, in the order of their names' bytes.
    ///
    /// - Throws: ``StoreError``; `corrupt` where a row has a name that no record can have. It is not left out, since a
    ///   caller who verifies the vault could not know; the message names it.
    public func scan(_ scope: ScanScope, after cursor: RecordKey?, limit: Int) async throws(StoreError)
        -> [StoredRecord]
    {
        try withReader { reader throws(StoreError) in
            try readers.checkPlaces()
            return try reader.scans.page(of: scope, after: cursor, limit: limit)
        }
    }

    public func write(_ batch: WriteBatch) async throws(StoreError) {
        guard !Task.isCancelled else { throw .cancelled }
        try batch.checkLimits()
        try Self.check(owner, path)
        try await writer.queue.submit(.write(batch))
    }

    /// A number that moves when another process, or another store in this one, has committed.
    ///
    /// - Throws: ``StoreError``; `io` where one of the files was moved or deleted: what others commit is not seen then.
    public func foreignChanges() async throws(StoreError) -> UInt64 {
        try Self.check(owner, path)
        do throws(StoreError) { try readers.checkPlaces() } catch { throw readers.whatAReadMisses(error) }
        return try await writer.queue.dataVersion()
    }

    public func close() async {
        guard CurrentProcess.id == owner else { return }
        readers.close()
        await writer.close()
    }

    /// Writes a complete copy of the vault to a new file, as it was when the copy began, while others read and write.
    ///
    /// The copy opens as a store of its own, belongs to its owner alone (mode 0600) and is on the disk when this returns. A
    /// copy that fails or is cancelled leaves nothing at `target`.
    ///
    /// - Parameters:
    ///   - target: A path where no file is yet.
    ///   - progress: Called now and then, on a thread of the copy's own.
    /// - Throws: ``StoreError``: `exists`, `notFound` where no vault was created yet or there is no directory for the copy,
    ///   `cancelled`, `full`, `readOnly`, `corrupt`, `busy`, `io`, `closed`.
    public func backup(
        to target: String, progress: @escaping @Sendable (BackupProgress) -> Void = { _ in }
    ) async throws(StoreError) {
        try StoreError.check(path: target)
        guard try await readHead() != nil else {
            throw StoreError(.notFound, "\(path) holds no vault yet. There is nothing to copy.")
        }
        do throws(StoreError) { try await Backup(of: places, to: target, progress: progress).run() } catch {
            throw readers.whatAReadMisses(error)
        }
    }
}
