import Glibc
import KeyVaultStorage

/// The few things that are done to files beside SQLite.
enum Files {
    /// SQLite gives names such as ":memory:", "file:a?b" and "" a meaning of their own; a path with a slash in front has none.
    static func literal(_ path: String) -> String { path.hasPrefix("/") ? path : "./" + path }

    /// Makes the names in the directory of `path` survive a power cut.
    static func syncDirectory(of path: String) throws(StoreError) {
        try sync(directory(of: path), flags: O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    }

    /// Makes what is at `path` survive a power cut.
    static func sync(_ path: String, flags: Int32 = O_RDONLY | O_CLOEXEC) throws(StoreError) {
        let descriptor = unsafe open(path, flags)
        guard descriptor >= 0 else { throw StoreError.system(errno, path: path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw StoreError.system(errno, path: path) }
    }

    /// In bytes; 0 where there is no file.
    static func length(_ path: String) -> Int {
        var found = stat()
        // The structure and the string outlive the call.
        return unsafe stat(path, &found) == 0 ? Int(found.st_size) : 0
    }

    static func directoryExists(of path: String) -> Bool { unsafe access(directory(of: path), F_OK) == 0 }

    private static func directory(of path: String) -> String {
        // By bytes: a mark that combines with the slash before it makes one character of both.
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
