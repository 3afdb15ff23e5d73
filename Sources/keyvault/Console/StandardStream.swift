import Glibc
import KeyVault

/// The three streams that every process has, by their descriptors.
enum StandardStream: Int32 {
    case input = 0
    case output = 1
    case error = 2

    var isTerminal: Bool { isatty(rawValue) == 1 }

    /// Writes all of `bytes`.
    func write(_ bytes: borrowing RawSpan) throws(Failure) {
        var start = 0
        while start < bytes.byteCount {
            let rest = bytes.extracting(droppingFirst: start)
            // The buffer is passed with its own length.
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(rawValue, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                let reason = FileError(errno).reason
                throw Failure(
                    .other, "The output cannot be written: \(reason).",
                    hint: "See where standard \(self) leads to.")
            }
            start += count
        }
    }

    func write(_ text: String) throws(Failure) {
        // The bytes of a UTF-8 view have no padding.
        try write(unsafe text.utf8.span.bytes)
    }

    /// Opens descriptors that the parent closed, in the wrong direction: otherwise the next file that is opened gets the
    /// number, and we would read a key from a database, or print into one. (GNU's tools do the same.)
    static func holdDescriptors() {
        for stream in [input, output, error] where fcntl(stream.rawValue, F_GETFD) < 0 {
            // The lowest free descriptor is this one.
            _ = unsafe open("/dev/null", stream == input ? O_WRONLY : O_RDONLY)
        }
    }
}
