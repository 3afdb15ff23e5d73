import Glibc

/// Standard error, which may lead nowhere: to a full disk, into a pipe that nobody reads any more, to a descriptor that was closed.
enum StandardError {
    /// Writes a line. Where that cannot be, the server goes on unheard.
    static func write(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        var start = 0
        while start < bytes.count {
            // The buffer is passed with its own length.
            let count = unsafe bytes[start...].withUnsafeBytes { unsafe Glibc.write(2, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            start += count
        }
    }

    /// Opens those of the three standard descriptors that the parent closed, in the wrong direction: otherwise the next file that is
    /// opened gets the number, and what is logged is written into a vault. A pipe that was closed is no reason to end either.
    static func prepare() {
        for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) < 0 {
            // The lowest free descriptor is this one.
            _ = unsafe open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY)
        }
        signal(SIGPIPE, SIG_IGN)
    }
}
