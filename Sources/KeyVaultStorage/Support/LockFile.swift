import Glibc

/// The file beside a store that its lock is taken on. It is never renamed or removed.
package enum LockFile {
    /// Opens the lock file at `path`, and makes it where there is none, for the owner of `store` alone.
    ///
    /// - Returns: a descriptor, which is the caller's to close.
    package static func open(_ path: String, of store: String) throws(FileError) -> Int32 {
        let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW
        // The string outlives both calls.
        let made = unsafe Glibc.open(path, flags | O_EXCL, 0o600)
        if made >= 0 {
            giveAway(made, toOwnerOf: store)
            return made
        }
        guard errno == EEXIST else { throw FileError(errno) }
        let found = unsafe Glibc.open(path, flags, 0o600)
        guard found >= 0 else { throw FileError(errno) }
        return found
    }

    /// What root makes beside somebody else's store has to be that user's, who could not open the store again otherwise. SQLite does
    /// the same with its log.
    private static func giveAway(_ descriptor: Int32, toOwnerOf store: String) {
        var status = stat()
        // `status` is room for what is filled in; the string outlives the call. Where there is no store yet, whoever makes it keeps both.
        guard geteuid() == 0, unsafe stat(store, &status) == 0 else { return }
        // A file system that knows no owners refuses it, and needs none.
        _ = fchown(descriptor, status.st_uid, status.st_gid)
    }
}
