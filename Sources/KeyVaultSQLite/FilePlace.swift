import Glibc
import KeyVaultStorage

/// Which file a path led to at first. A file that took its place is not even opened: SQLite would go by the other one's log, and cut
/// the memory that it shares with others.
struct FilePlace: Sendable {
    let path: String
    private let device: dev_t
    private let file: ino_t

    init(_ path: String) throws(StoreError) {
        var found = stat()
        // The structure and the string outlive the call.
        guard unsafe stat(path, &found) == 0 else { throw StoreError.system(errno, path: path) }
        self.path = path
        (device, file) = (found.st_dev, found.st_ino)
    }

    /// Refuses to go on where the path leads to another file by now, or to none.
    func check() throws(StoreError) {
        var found = stat()
        // The structure and the string outlive the call.
        guard unsafe stat(path, &found) == 0, (device, file) == (found.st_dev, found.st_ino) else {
            throw .moved(path)
        }
    }
}

extension StoreError {
    static func moved(_ path: String) -> StoreError {
        StoreError(
            .io,
            "\(path) was moved or deleted while the vault was open. Close everything that has the vault open, then put the "
                + "file back or restore a backup.")
    }
}
