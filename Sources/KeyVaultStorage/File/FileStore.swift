public import KeyVaultFormat

/// A vault in one file: an append-only log with checksums, and an index of it in memory (SPEC.md section 7.2).
///
/// It needs no library and no server, and serves one process at a time. Reads are made where they are asked for; writes of
/// many tasks are made durable together, on a thread of the store's own. An acknowledged write survives the process and the
/// machine. Close it (a vault does so with its own): one that is only let go gives the file up a moment later.
///
/// A file that is moved or deleted while it is open, or whose lock is, is noticed: writes, scans and ``readHead()`` throw `io` until it
/// is back.
///
/// ```swift
/// let store = try await FileStore.open("/var/lib/example/keys.vault", create: true)
/// ```
public final class FileStore: RecordStore {
    private let log: FileLog
    private let writer: WriterThread
    /// The sorting that is under way.
    private let sorting = TracedMutex<Task<Result<Void, StoreError>, Never>?>(nil)

    /// Opens the store at `path`, and recovers it after a crash.
    ///
    /// - Parameters:
    ///   - path: The file, or a symbolic link to it. Others are kept beside the file: `path-lock`, `path-hint`, and for a while
    ///     `path-new`: no other store can have these names.
    ///   - create: Whether to make an empty store where there is none. The directory has to be there.
    ///   - allowsNetworkFileSystems: Whether the file may lie on a network file system, whose locks and syncs you know to be
    ///     reliable.
    /// - Throws: ``StoreError``: `busy` with the process id of who has it open, `notFound`, `foreign`, `newer`, `corrupt` with the
    ///   place of the damage, `readOnly` where rights are missing, `exists` where one of these is a store of its own, `invalid` on a
    ///   network file system, `io`, `full`.
    public static func open(
        _ path: String, create: Bool = false, allowsNetworkFileSystems: Bool = false
    ) async throws(StoreError) -> FileStore {
        try StoreError.check(path: path)
        var settings = FileLog.Settings()
        settings.allowsNetwork = allowsNetworkFileSystems
        return try await open(path, creating: create, layer: LinuxFileLayer(), settings: settings)
    }

    package static func open(
        _ path: String, creating: Bool, layer: any FileLayer, settings: FileLog.Settings
    ) async throws(StoreError) -> FileStore {
        try await SystemThread.run(named: "KeyVault file") { () throws(StoreError) in
            try FileStore(try FileLog(path, creating: creating, layer: layer, settings: settings))
        }
    }

    private init(_ log: FileLog) throws(StoreError) {
        self.log = log
        writer = try WriterThread(log)
    }

    deinit { writer.stop() }

    public var kind: String { "file" }

    public func readHead() async throws(StoreError) -> StoreHead? { try log.head() }

    public func create(header: [UInt8], generation: UInt64) async throws(StoreError) {
        try StoreHead.checkCreation(header: header, generation: generation)
        try await writer.run { log throws(StoreError) in try log.create(header: header, generation: generation) }
    }

    public func read(_ id: RecordID) async throws(StoreError) -> StoredRecord? { try log.read(id) }

    public func read(_ key: RecordKey) async throws(StoreError) -> StoredRecord? {
        try log.read(key.id, revision: key.revision)
    }

    /// The first scan after opening or a compaction sorts the rows, which reads all of them.
    public func scan(_ scope: ScanScope, after cursor: RecordKey?, limit: Int) async throws(StoreError)
        -> [StoredRecord]
    {
        try log.checkPlace()
        var acceptsGaps = false
        while true {
            if try !log.isOrdered() { try await order() }
            if let page = try log.page(scope, after: cursor, limit: limit, acceptsGaps: acceptsGaps) { return page }
            acceptsGaps = true
        }
    }

    /// Puts the rows in order, on one thread for all who wait for that.
    private func order() async throws(StoreError) {
        let task = sorting.withLock { sorting in
            if let sorting { return sorting }
            let task = Task { [log] () -> Result<Void, StoreError> in
                defer { self.sorting.withLock { $0 = nil } }
                do throws(StoreError) {
                    try await SystemThread.run(named: "KeyVault file") { () throws(StoreError) in try log.putInOrder() }
                    return .success(())
                } catch { return .failure(error) }
            }
            sorting = task
            return task
        }
        try await task.value.get()
    }

    public func write(_ batch: WriteBatch) async throws(StoreError) {
        guard !Task.isCancelled else { throw .cancelled }
        try batch.checkLimits()
        try await writer.write(batch)
    }

    /// Constant: the lock keeps everybody else out.
    public func foreignChanges() async throws(StoreError) -> UInt64 {
        _ = try log.head()
        return 0
    }

    /// Rewrites the store into a new file without what was replaced and deleted. Reads and writes go on meanwhile.
    ///
    /// A store does so by itself when more than half of its file, and more than 4 MiB, are of no use. Call it where the disk has
    /// failed and the store takes no more writes (`readOnly`): the new file takes them again.
    ///
    /// - Throws: ``StoreError``: `corrupt` where a row is damaged, `full`, `readOnly`, `exists`, `io`, `closed`. The store is then as it was before,
    ///   but for one case: where the new file is in place and that cannot be made durable, it takes no more writes (`readOnly`)
    ///   until it was compacted or opened again.
    public func compact() async throws(StoreError) {
        try await SystemThread.run(named: "KeyVault file") { [log] () throws(StoreError) in try log.compact() }
    }

    public func close() async { await writer.close() }
}
