import CKeyVaultLinux
import Glibc
import KeyVaultStorage

/// The few things that are done to files beside SQLite.
enum Files {
    /// SQLite gives names such as ":memory:", "file:a?b" and "" a meaning of their own; a path with a slash in front has none.
    static func literal(_ path: String) -> String { Directory.isAbsolute(path) ? path : "./" + path }

    /// Makes the names in the directory of `path` survive a power cut.
    static func syncDirectory(of path: String) throws(StoreError) {
        do { try Directory.sync(of: path) } catch { throw StoreError.system(error.number, path: Directory.of(path)) }
    }

    /// Makes what is at `path` survive a power cut.
    static func sync(_ path: String) throws(StoreError) {
        // The string outlives the call.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw StoreError.system(errno, path: path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw StoreError.system(errno, path: path) }
    }

    /// Gives a file another name, which nothing has; says so where anything does.
    ///
    /// A link alone would do nearly everywhere, but not on file systems that have none, such as FAT.
    static func rename(_ path: String, toNew target: String) throws(FileError) {
        // Both strings outlive the call.
        let error = unsafe keyvault_rename_new(path, target)
        guard error == 0 else { throw FileError(error) }
    }

    /// In bytes; 0 where there is no file.
    static func length(_ path: String) -> Int {
        var found = stat()
        // The structure and the string outlive the call.
        return unsafe stat(path, &found) == 0 ? Int(found.st_size) : 0
    }

    static func directoryExists(of path: String) -> Bool { unsafe access(Directory.of(path), F_OK) == 0 }
}
