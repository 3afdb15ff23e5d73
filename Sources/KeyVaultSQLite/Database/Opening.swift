import Glibc
import KeyVaultStorage
import Synchronization

/// Opens a database, and makes or migrates it where that is called for.
struct Opening {
    let connection: Connection
    let lock: FileLock
    let places: StorePlaces

    /// - Parameters:
    ///   - create: Whether to make an empty store where there is none.
    ///   - patience: How long to wait for somebody else.
    ///   - allowsNetwork: Whether to refuse nothing for lying on a network.
    ///   - isOnNetwork: Whether what the path names does; tests say so without one.
    init(
        path: String, create: Bool, patience: Duration, allowsNetwork: Bool = false,
        isOnNetwork: (_ path: String) throws(FileError) -> Bool = NetworkFileSystem.holds
    ) throws(StoreError) {
        let path = Files.literal(path)
        func checkNetwork(_ path: String) throws(StoreError) {
            guard !allowsNetwork else { return }
            let isRefused: Bool
            do { isRefused = try isOnNetwork(path) } catch { throw StoreError.system(error.number, path: path) }
            if isRefused { throw .onNetwork(path) }
        }
        // Before anything is made there, and where a link leads.
        try checkNetwork(path)
        if create { try Self.createFile(at: path) }
        connection = try Self.connect(to: path)
        try checkNetwork(connection.path)
        // By its resolved name, and before anything is read.
        try Self.checkLog(of: connection.path)
        connection.setBusyTimeout(patience)
        guard !connection.isReadOnly else { throw .readOnly(connection.path) }

        // A file of somebody else's is refused before anything beside it is made.
        let finding = try Schema.inspect(connection)
        if finding == .empty, !create {
            throw StoreError(.notFound, "\(connection.path) is empty. Create a vault there first, or check the path.")
        }
        let lock = try FileLock(of: connection.path)
        if finding != .current {
            try Self.wait(for: lock, patience: patience, path: connection.path)
            defer { lock.unlock() }
            // Whoever made the file may have died before its name was durable.
            try Files.syncDirectory(of: connection.path)
            // Another process may have been faster.
            if try Schema.inspect(connection) != .current {
                try Schema.migrate(connection)
                guard try Schema.inspect(connection) == .current else {
                    throw StoreError(
                        .busy,
                        "Another program changes \(connection.path) while it is made ready. End it, and try again.")
                }
            }
        }
        self.lock = lock
        places = try StorePlaces(database: connection.path, lock: lock.place)
        // The path may have led to another file by then.
        try connection.checkPlace()
    }

    /// Makes an empty file that only its owner may read.
    ///
    /// A file that is there is not even opened: closing it again would drop the locks that SQLite has on it in this process.
    /// For the same reason one file is made at a time: whoever finds it there must not use it before it was closed here.
    private static func createFile(at path: String) throws(StoreError) {
        try creation.withLock { _ throws(StoreError) in try createFileAlone(at: path) }
    }

    private static let creation = Mutex(())

    private static func createFileAlone(at path: String) throws(StoreError) {
        try checkLog(of: path)
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            if errno == EEXIST { return }
            throw StoreError.system(errno, path: path)
        }
        close(descriptor)
    }

    /// Refuses a log whose database is not there or has no bytes: SQLite would delete it.
    private static func checkLog(of path: String) throws(StoreError) {
        // The log first: a database that somebody makes meanwhile has bytes before its log does.
        guard Files.length(path + "-wal") > 0, Files.length(path) == 0 else { return }
        throw .logWithoutDatabase(path + "-wal")
    }

    private static func connect(to path: String) throws(StoreError) -> Connection {
        do throws(StoreError) {
            return try Connection(path: path)
        } catch {
            guard unsafe access(path, F_OK) == 0 else {
                if errno == ENOENT, Files.directoryExists(of: path) {
                    throw StoreError(.notFound, "There is no file at \(path).")
                }
                throw StoreError.system(errno, path: path)
            }
            throw unsafe access(path, R_OK | W_OK) == 0 ? error : .readOnly(path)
        }
    }

    /// Blocks this thread, which is the writer's own.
    private static func wait(for lock: FileLock, patience: Duration, path: String) throws(StoreError) {
        let start = ContinuousClock.now
        while try !lock.tryLock() {
            guard start.duration(to: .now) < patience else { throw .busy(path) }
            usleep(1_000)
        }
    }
}
