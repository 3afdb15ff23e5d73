import Synchronization

/// What a ``FileStore`` does, without its thread: every call does its work where it is made.
///
/// Any number of threads read at once. Changes are made under ``writer``, one at a time; what readers see is under ``shared``,
/// which is never held during a write or a sync.
package final class FileLog: Sendable {
    /// What may be set: ``allowsNetwork`` by whoever opens a ``FileStore``, the rest by tests.
    package struct Settings: Sendable {
        /// Refuse nothing for lying on a network.
        package var allowsNetwork = false
        /// How much is read, and written by a compaction, at a time.
        package var chunk = 1 << 20
        /// A group of batches is closed when it has become this long.
        package var groupLength = 4 << 20
        /// The size of a log that is written to is a multiple of this: zeros fill up what its last frame leaves of a block.
        package var block: UInt64 = 4096
        /// A log in which fewer bytes than this are of no use is not compacted by itself.
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
        /// for itself before it goes on.
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
        /// Of the file, with the zeros behind its last frame.
        var size: UInt64
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
        let held = try Self.takeLock(paths, layer, settings)
        lock = TracedMutex(held)
        owner = layer.processID
        let log = try Self.open(paths, creating: creating, layer)
        let hint = IndexHint(log, paths, layer)
        var recovery = try Recovery(log, hint: hint, chunk: settings.chunk)
        // Before a log that was there is changed: is it the one that the lock is for, and are we the only ones who have it?
        guard try Self.resolve(given, creating: creating, layer) == path else {
            throw StoreError(.busy, "What \(given) leads to has changed while it was opened. Try again.")
        }
        try Self.checkLock(held, of: paths)
        let unproven = try recovery.repairTail(block: settings.block)
        // Whoever renamed the log to its name may have died, or failed, before that was durable.
        do { try layer.syncDirectory(of: path) } catch { throw error.doing("synced by name", path) }
        shared = TracedMutex(
            Shared(log: log, index: recovery.replay.index, head: recovery.replay.storeHead, end: recovery.end))
        writer = TracedMutex(
            Writer(
                sequence: recovery.sequence, unproven: unproven, endsWithCheckpoint: recovery.endsWithCheckpoint,
                headOffset: recovery.replay.headOffset, size: recovery.end))
    }

    func checkUsable() throws(StoreError) { try withShared { _ throws(StoreError) in } }

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
