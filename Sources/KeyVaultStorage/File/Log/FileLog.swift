package import KeyVaultFormat
import Synchronization

/// What a ``FileStore`` does, without its thread: every call does its work where it is made.
///
/// Any number of threads read at once. Changes are made under ``writer``, one at a time; what readers see is under ``shared``,
/// which is never held during a write or a sync.
package final class FileLog: Sendable {
    /// What may be set: ``allowsNetwork`` by who opens a ``FileStore``, the rest for tests.
    package struct Settings: Sendable {
        /// Refuse nothing for lying on a network.
        package var allowsNetwork = false
        /// How much is read, and written by a compaction, at a time.
        package var chunk = 1 << 20
        /// A group of batches is closed when it has become this long.
        package var groupLength = 4 << 20
        /// Less than this of no use is let be.
        package var compactionMinimum: UInt64 = 4 << 20

        package init() {}
    }

    /// What readers look at.
    struct Shared {
        var log: LogFile
        /// The next generation, from before it takes the place of ``log`` until readers see it.
        var incoming: LogFile?
        var index: RowIndex
        /// Whether somebody may be walking over the table of ``index``.
        var isIndexLent = false
        var head: StoreHead?
        /// Where the last frame that may be read ends.
        var end: UInt64
        var order = ScanOrder()
        /// Why nothing is written any more.
        var refusal: StoreError?
        var isClosed = false
        /// After a compaction in the background has failed: none before the log is this long.
        var compactionResumesAt: UInt64 = 0

        /// The index as it is now, for somebody who walks over it with nobody waiting. The writer leaves it alone, and makes a copy
        /// for itself: 10 to 30 ms for a million rows, where walking takes many times that.
        mutating func lendIndex() -> RowIndex {
            isIndexLent = true
            return index
        }
    }

    /// What the one who writes needs beside.
    struct Writer {
        /// Of the last frame.
        var sequence: UInt64
        /// A checkpoint at the end that is written again with the next group (SPEC.md section 7.2.6, rule 4).
        var unproven: [UInt8]
        /// Whether the log ends as a clean end asks.
        var endsWithCheckpoint: Bool
        /// Where the last head lies.
        var headOffset: UInt64
    }

    let paths: LogPaths
    let layer: any FileLayer
    let settings: Settings
    /// Held until the log is closed, or the last user of this object is gone.
    let lock: TracedMutex<(any NamedFile)?>
    private let owner: Int32
    let shared: TracedMutex<Shared>
    let writer: TracedMutex<Writer>
    /// Held by whoever rewrites the log.
    let compaction = TracedMutex(())
    /// Held by whoever sorts the rows for a scan.
    let ordering = TracedMutex(())
    /// How many rewrite the log or wait to.
    let compactions = Atomic(0)

    /// Opens the log at `path` and recovers it, or makes an empty one.
    package init(
        _ path: String, creating: Bool, layer: any FileLayer, settings: Settings = Settings()
    ) throws(StoreError) {
        let given = path
        let path = try Self.resolve(given, creating: creating, layer)
        paths = LogPaths(log: path)
        self.layer = layer
        self.settings = settings
        // Where there is nothing to open, or what is no log, no lock file is left behind either.
        let isThere = try LogFile(existing: path, layer) != nil
        guard isThere || creating else { throw Self.notFound(path) }
        let held = try Self.lock(paths, layer, settings)
        lock = TracedMutex(held)
        owner = layer.processID
        let log = try Self.open(paths, creating: creating, layer)
        let hint = IndexHint(log, paths, layer)
        var recovery = try Recovery(log, hint: hint, chunk: settings.chunk)
        // Before a log that was there is changed: is it the one that the lock is for, and are we the only ones who have it?
        guard try Self.resolve(given, creating: creating, layer) == path else {
            throw StoreError(.busy, "What \(given) leads to has changed while it was opened. Try again.")
        }
        try Self.checkPlace(of: held, paths)
        let unproven = try recovery.repairTail()
        // Whoever renamed the log to its name may have died, or failed, before that was durable.
        do { try layer.syncDirectory(of: path) } catch { throw error.doing("synced by name", path) }
        shared = TracedMutex(
            Shared(log: log, index: recovery.replay.index, head: recovery.replay.storeHead, end: recovery.end))
        writer = TracedMutex(
            Writer(
                sequence: recovery.sequence, unproven: unproven, endsWithCheckpoint: recovery.endsWithCheckpoint,
                headOffset: recovery.replay.headOffset))
    }

    static func lock(
        _ paths: LogPaths, _ layer: any FileLayer, _ settings: Settings
    ) throws(StoreError) -> any NamedFile {
        let isRefused: Bool
        let outcome: LockOutcome
        do throws(FileError) {
            isRefused = settings.allowsNetwork ? false : try layer.isOnNetwork(paths.log)
            if isRefused { outcome = .heldElsewhere(nil) } else { outcome = try layer.lock(paths.lock, of: paths.log) }
        } catch { throw error.doing("locked", paths.lock) }
        guard !isRefused else { throw .onNetwork(paths.log) }
        switch outcome {
        case .held(let lock): return lock
        case .heldElsewhere(let holder):
            let who = holder.map { "process \($0)" } ?? "another process"
            throw StoreError(.busy, "\(paths.log) is in use by \(who). A file store serves one process at a time.")
        }
    }

    /// `path` without symbolic links: all who name one log, by whatever way, have to meet at one lock.
    static func resolve(_ path: String, creating: Bool, _ layer: any FileLayer) throws(StoreError) -> String {
        do { return try layer.resolve(path) } catch .notFound {
            guard creating else { throw notFound(path) }
            throw StoreError(.notFound, "The directory of \(path) does not exist. Create it.")
        } catch { throw error.doing("looked for", path) }
    }

    private static func open(
        _ paths: LogPaths, creating: Bool, _ layer: any FileLayer
    ) throws(StoreError) -> LogFile {
        try paths.checkFree(layer)
        for leftover in [paths.newLog, paths.newHint] {
            do { try layer.remove(leftover) } catch .notFound {} catch { throw error.doing("removed", leftover) }
        }
        if let log = try LogFile(existing: paths.log, layer) { return log }
        guard creating else { throw notFound(paths.log) }
        var new = try NewLog(LogHeader(generation: 1, hashKey: layer.makeHashKey()), paths, layer)
        do throws(StoreError) {
            try new.finish()
            try new.takePlace()
            try new.syncPlace()
        } catch {
            new.abandon()
            throw error
        }
        return new.log
    }

    private static func notFound(_ path: String) -> StoreError {
        StoreError(.notFound, "There is no file store at \(path).")
    }

    // MARK: Reading

    func checkUsable() throws(StoreError) { try withShared { _ throws(StoreError) in } }

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
            try Self.checkPlace(of: held, paths)
        }
    }

    static func checkPlace(of lock: any NamedFile, _ paths: LogPaths) throws(StoreError) {
        let isInPlace: Bool
        do { isInPlace = try lock.isStill(at: paths.lock) } catch { throw error.doing("looked for", paths.lock) }
        guard isInPlace else {
            throw StoreError(
                .io,
                "\(paths.lock) was moved or deleted while \(paths.log) was open: another process may have it too. Put it back, or "
                    + "restart what has it open.")
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

    /// Whether no `fork` lies between the opening and now.
    var isOfThisProcess: Bool { layer.processID == owner }

    /// Refuses a child that `fork` made: it has none of its parent's threads, and may have a lock that one of them held.
    @inline(__always)
    func checkProcess() throws(StoreError) {
        guard isOfThisProcess else {
            throw StoreError(
                .closed,
                "\(paths.log) was opened by process \(owner), and this is a child of it. Start a new program (exec) that opens it."
            )
        }
    }

    /// Runs `body` on what readers see, unless the store is closed or this process is not the one that opened it.
    @inline(__always)
    func withShared<Result>(
        _ body: (inout sending Shared) throws(StoreError) -> sending Result
    ) throws(StoreError) -> sending Result {
        try checkProcess()
        return try shared.withLock { shared throws(StoreError) in
            guard !shared.isClosed else { throw .closed }
            return try body(&shared)
        }
    }
}
