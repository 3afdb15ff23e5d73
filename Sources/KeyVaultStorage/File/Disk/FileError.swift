import Glibc

/// What the operating system answered.
package struct FileError: Error, Equatable {
    /// An `errno`.
    package let number: Int32

    package init(_ number: Int32) { self.number = number }

    /// What a person reads of it.
    package var reason: String {
        // The text of the C library, which is copied at once.
        unsafe String(cString: strerror(number))
    }

    package static let notFound = FileError(ENOENT)
    package static let exists = FileError(EEXIST)
    package static let interrupted = FileError(EINTR)
    package static let noSpace = FileError(ENOSPC)
    package static let inputOutput = FileError(EIO)

    var isFull: Bool { number == ENOSPC || number == EDQUOT }

    /// What a caller of the store is told.
    package func doing(_ what: String, _ path: String) -> StoreError {
        if isFull {
            return StoreError(
                .full, "The disk or the quota is full: \(path) could not be \(what). Make room.",
                cause: self)
        }
        if [EACCES, EPERM, EROFS].contains(number) {
            return StoreError(
                .readOnly,
                "\(path) could not be \(what): \(reason). Give this user the right to write the file and its directory.",
                cause: self)
        }
        if number == ENOTDIR {
            return StoreError(.notFound, "The directory of \(path) does not exist. Create it.", cause: self)
        }
        return StoreError(.io, "\(path) could not be \(what): \(reason).", cause: self)
    }
}
