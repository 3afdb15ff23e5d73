import Glibc
import KeyVaultCrypto
import KeyVaultStorage

extension GuardedBytes {
    /// Fills what is from `start` on with what one `read` of the file gives; one that is interrupted is made again.
    ///
    /// - Parameter start: at most ``count``.
    /// - Returns: how many bytes were read; 0 at the end of the file, and where there is no room.
    mutating func read(from descriptor: Int32, at start: Int) throws(FileError) -> Int {
        while true {
            let length = withMutableSpan { span in
                // The call is told how much room there is behind `start`.
                unsafe span.withUnsafeMutableBytes { buffer in
                    let room = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[start...])
                    return unsafe Glibc.read(descriptor, room.baseAddress, room.count)
                }
            }
            if length >= 0 { return length }
            guard errno == EINTR else { throw FileError(errno) }
        }
    }
}
