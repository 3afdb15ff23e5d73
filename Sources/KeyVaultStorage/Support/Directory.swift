import Glibc

/// The directory that a file's name stands in.
package enum Directory {
    /// Whether `path` begins at the root. By bytes: a mark that combines with the slash before it makes one character of both.
    package static func isAbsolute(_ path: String) -> Bool { path.utf8.first == UInt8(ascii: "/") }

    /// The directory of `path`, as a path.
    package static func of(_ path: String) -> String {
        // By bytes, as above.
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Makes the names in the directory of `path` survive a power cut.
    package static func sync(of path: String) throws(FileError) {
        // The string outlives the call.
        let descriptor = unsafe open(of(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw FileError(errno) }
    }
}
