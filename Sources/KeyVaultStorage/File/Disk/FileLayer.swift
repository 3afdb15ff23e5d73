/// The operations that a ``FileStore`` asks of its operating system, and no others.
///
/// There is a real one (``LinuxFileLayer``) and, in KeyVaultTesting, a simulated one that crashes and fails at will. Nothing
/// is retried here: what an interruption or a short count means is decided above.
package protocol FileLayer: Sendable {
    /// Of the process that asks; it differs in a child that `fork` made.
    var processID: Int32 { get }
    /// 16 random bytes.
    func makeHashKey() -> [UInt8]
    /// The path of the same file without symbolic links, that of the file itself included. The file need not be there.
    func resolve(_ path: String) throws(FileError) -> String
    /// Whether the file system that holds `path` lies behind a network.
    func isOnNetwork(_ path: String) throws(FileError) -> Bool
    /// Takes the exclusive lock on `path`, which is created where it is missing, for the owner of `log`, and notes the process id in it.
    func lock(_ path: String, of log: String) throws(FileError) -> LockOutcome
    /// Opens `path` to read and write; `creating` makes it, and fails with `exists` where there is anything of that name.
    func open(_ path: String, creating: Bool) throws(FileError) -> any OpenFile
    func rename(_ path: String, to target: String) throws(FileError)
    func remove(_ path: String) throws(FileError)
    /// Makes renames and removals in the directory of `path` durable.
    func syncDirectory(of path: String) throws(FileError)
}

/// A file that was found under a name; closed when the last reference to it goes.
package protocol NamedFile: AnyObject, Sendable {
    /// Whether `path` still leads to this file, and not to another one or to none.
    func isAt(_ path: String) throws(FileError) -> Bool
}

/// One open file.
package protocol OpenFile: NamedFile {
    func size() throws(FileError) -> UInt64
    /// How many bytes were read: fewer than asked for at the end of the file, or when interrupted.
    func read(into buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(FileError) -> Int
    /// How many bytes were written: fewer than asked for when interrupted, or on a full disk.
    func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(FileError) -> Int
    func truncate(to size: UInt64) throws(FileError)
    /// Makes the file's bytes and its size durable.
    func sync() throws(FileError)
}

/// What came of asking for a lock.
package enum LockOutcome: Sendable {
    /// Held for as long as this object lives; if the process ends without giving it up, as long as a child of `fork` has a copy.
    case held(any NamedFile)
    /// By the process of this id, where it is known.
    case heldElsewhere(Int32?)
}

extension FileLayer {
    /// Makes `path` anew; what bears the name goes, and is not written over by whoever still has it open.
    func create(_ path: String) throws(FileError) -> any OpenFile {
        do { return try open(path, creating: true) } catch .exists {
            try remove(path)
            return try open(path, creating: true)
        }
    }
}
