import Glibc
import KeyVaultStorage

/// Which file a path led to at first. A file that took its place is not even opened: SQLite would go by the other one's log, and cut
/// the memory that it shares with others.
struct FilePlace: Sendable {
    let path: String
    private let identity: FileIdentity

    init(_ path: String) throws(StoreError) {
        self.path = path
        do { identity = try FileIdentity(path) } catch { throw error.doing("looked for", path) }
    }

    /// Of the file that `descriptor` has open: by its name another one might be met already.
    init(_ path: String, descriptor: Int32) throws(StoreError) {
        self.path = path
        do { identity = try FileIdentity(descriptor: descriptor) } catch { throw error.doing("looked at", path) }
    }

    /// Refuses to go on where the path leads to another file by now, or to none; and where that cannot be told.
    func check() throws(StoreError) {
        let found: FileIdentity?
        do { found = try FileIdentity(path) } catch {
            guard error == .notFound || error == FileError(ENOTDIR) else {
                throw StoreError(.io, "\(path) could not be looked for: \(error.reason).", cause: error)
            }
            found = nil
        }
        guard found == identity else { throw .moved(path) }
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
