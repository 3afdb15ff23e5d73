import CKeyVaultLinux
import Glibc
import KeyVaultStorage

/// A lock between processes, and between stores of one process, on a file that is never renamed or removed.
///
/// It is an open-file-description lock: unlike POSIX's own it belongs to this object, not to the process, and nobody drops it
/// by closing another descriptor of the same file.
final class FileLock {
    private let descriptor: Int32
    private let path: String
    /// Where others would meet at another file than this one, once it has changed.
    let place: FilePlace

    /// Opens the lock file of the database at `database`, and makes it where there is none.
    init(of database: String) throws(StoreError) {
        let path = database + "-lock"
        let descriptor: Int32
        do { descriptor = try LockFile.open(path, of: database) } catch {
            throw StoreError.system(error.number, path: path)
        }
        do throws(StoreError) { place = try FilePlace(path, descriptor: descriptor) } catch {
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    /// Takes the lock if nobody has it, and says whether it is held now.
    func tryLock() throws(StoreError) -> Bool {
        if set(F_WRLCK) { return true }
        guard errno == EAGAIN || errno == EACCES || errno == EINTR else { throw StoreError.system(errno, path: path) }
        return false
    }

    func unlock() { _ = set(F_UNLCK) }

    private func set(_ type: Int32) -> Bool {
        keyvault_set_lock(descriptor, Int16(type)) == 0
    }
}
