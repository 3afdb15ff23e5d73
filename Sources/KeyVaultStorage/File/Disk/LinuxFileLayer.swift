import CKeyVaultLinux
import Glibc

import class Foundation.FileManager

/// The operating system's own files.
///
/// Beside it only `Support` asks the system for files: it makes lock files and syncs directories. Every pointer here is used within
/// the call that it is handed to.
package struct LinuxFileLayer: FileLayer {
    package init() {}

    package var processID: Int32 { CurrentProcess.id }

    package func makeHashKey() -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    package func resolve(_ path: String) throws(FileError) -> String { try Self.resolve(path, links: 40) }

    private static func resolve(_ path: String, links: Int) throws(FileError) -> String {
        do { return try realPath(path) } catch .notFound {
            let directory = try realPath(Directory.of(path))
            let name =
                path.utf8.lastIndex(of: UInt8(ascii: "/")).map { path[path.utf8.index(after: $0)...] } ?? path[...]
            let resolved = directory == "/" ? "/\(name)" : "\(directory)/\(name)"
            guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: resolved) else {
                return resolved
            }
            // A link that leads to nothing yet.
            guard links > 0 else { throw FileError(ELOOP) }
            return try resolve(Directory.isAbsolute(target) ? target : "\(directory)/\(target)", links: links - 1)
        }
    }

    private static func realPath(_ path: String) throws(FileError) -> String {
        // `realpath` allocates what it returns, which is freed here.
        guard let resolved = unsafe realpath(path, nil) else { throw FileError(errno) }
        defer { unsafe free(resolved) }
        guard let text = unsafe String(validatingCString: resolved) else { throw FileError(EILSEQ) }
        return text
    }

    package func isOnNetwork(_ path: String) throws(FileError) -> Bool {
        try NetworkFileSystem.mayHold(path)
    }

    package func lock(_ path: String, of log: String) throws(FileError) -> LockOutcome {
        let file = try LinuxFile(descriptor: try LockFile.open(path, of: log))
        guard file.setLock(F_WRLCK) else {
            guard errno == EAGAIN || errno == EACCES else { throw FileError(errno) }
            return .heldElsewhere(try? file.decimalNumber())
        }
        // Whom to name is a courtesy: a full disk must not keep a store from being read.
        try? file.truncate(to: 0)
        _ = try? file.write(Array("\(processID)\n".utf8).span, at: 0)
        return .held(HeldLock(file))
    }

    package func open(_ path: String, creating: Bool) throws(FileError) -> any OpenFile {
        try LinuxFile(path, flags: creating ? O_RDWR | O_CREAT | O_EXCL : O_RDWR)
    }

    package func rename(_ path: String, to target: String) throws(FileError) {
        // Both strings outlive the call.
        try check(unsafe Glibc.rename(path, target))
    }

    package func remove(_ path: String) throws(FileError) {
        // The string outlives the call.
        try check(unsafe unlink(path))
    }

    package func syncDirectory(of path: String) throws(FileError) {
        try Directory.sync(of: path)
    }
}

private func check(_ result: Int32) throws(FileError) {
    guard result == 0 else { throw FileError(errno) }
}

private final class LinuxFile: OpenFile {
    let descriptor: Int32
    private let identity: FileIdentity

    /// Readable by its owner alone; never handed on to a program that this one starts.
    convenience init(_ path: String, flags: Int32) throws(FileError) {
        // The string outlives the call.
        let descriptor = unsafe Glibc.open(path, flags | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileError(errno) }
        try self.init(descriptor: descriptor)
    }

    /// Closes `descriptor` in the end, and where this throws.
    init(descriptor: Int32) throws(FileError) {
        self.descriptor = descriptor
        do { identity = try FileIdentity(descriptor: descriptor) } catch {
            close(descriptor)
            throw error
        }
    }

    deinit { close(descriptor) }

    func isAt(_ path: String) throws(FileError) -> Bool {
        do { return try FileIdentity(path) == identity } catch {
            guard error == .notFound || error == FileError(ENOTDIR) else { throw error }
            return false
        }
    }

    func size() throws(FileError) -> UInt64 {
        let end = lseek(descriptor, 0, SEEK_END)
        guard end >= 0 else { throw FileError(errno) }
        return UInt64(end)
    }

    func read(into buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(FileError) -> Int {
        // The buffer outlives the call, which is told its length.
        let count = unsafe buffer.withUnsafeMutableBufferPointer { bytes in
            unsafe pread(descriptor, bytes.baseAddress, bytes.count, off_t(clamping: offset))
        }
        guard count >= 0 else { throw FileError(errno) }
        return count
    }

    func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(FileError) -> Int {
        // The bytes outlive the call, which is told their length.
        let count = unsafe bytes.withUnsafeBufferPointer { bytes in
            unsafe pwrite(descriptor, bytes.baseAddress, bytes.count, off_t(clamping: offset))
        }
        guard count >= 0 else { throw FileError(errno) }
        return count
    }

    func truncate(to size: UInt64) throws(FileError) { try check(ftruncate(descriptor, off_t(clamping: size))) }

    func sync() throws(FileError) { try check(fdatasync(descriptor)) }

    /// Takes the lock on the file or gives it up, and says whether that was done.
    func setLock(_ type: Int32) -> Bool {
        keyvault_set_lock(descriptor, Int16(type)) == 0
    }

    /// The number that the file begins with: who holds the lock.
    func decimalNumber() throws(FileError) -> Int32? {
        var digits = InlineArray<16, UInt8>(repeating: 0)
        var span = digits.mutableSpan
        let count = try read(into: &span, at: 0)
        var number: Int32 = 0
        for index in 0..<min(count, 9) where (0x30...0x39).contains(digits[index]) {
            number = number * 10 + Int32(digits[index] - 0x30)
        }
        return number == 0 ? nil : number
    }
}

/// The lock on a file, given up with the last reference to it.
private final class HeldLock: NamedFile {
    private let file: LinuxFile
    private let owner = CurrentProcess.id

    init(_ file: LinuxFile) { self.file = file }

    /// Closing the file is not enough: a program that is being started has a copy of every descriptor for a moment, and with it of
    /// the lock. A child of `fork` leaves its parent's alone.
    deinit { if CurrentProcess.id == owner { _ = file.setLock(F_UNLCK) } }

    func isAt(_ path: String) throws(FileError) -> Bool { try file.isAt(path) }
}
