import Glibc
package import KeyVaultCrypto
import KeyVaultStorage

/// Files that hold a secret: read straight into guarded memory, and only where nobody else could have read them.
package enum SecretFile {
    /// Reads a file of at most `limit` bytes.
    ///
    /// - Parameter hint: what to do where there is no such file.
    package static func read(_ path: String, limit: Int, ifMissing hint: String) throws(VaultError) -> GuardedBytes {
        let file = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
        guard file >= 0 else {
            let code = errno
            guard code == ENOENT else { throw unreadable(path, code) }
            throw VaultError(.missingMasterKey, "\(path) cannot be read: \(message(code)).", hint: hint)
        }
        defer { close(file) }
        var status = stat()
        // `status` is room for what is filled in.
        guard unsafe fstat(file, &status) == 0 else { throw unreadable(path, errno) }
        guard status.st_mode & S_IFMT != S_IFDIR else {
            throw VaultError(.unreadableMasterKey, "\(path) is a directory.", hint: "Name the key file itself.")
        }
        guard status.st_mode & others(path) == 0 || status.st_mode & S_IFMT != S_IFREG else {
            throw VaultError(
                .unreadableMasterKey, "\(path) can be read by others than its owner.",
                hint: "Run 'chmod 600 \(path)', and replace the key if others may have read it.")
        }
        return try readAll(file, path: path, limit: limit)
    }

    /// Who must have no rights to the file, as bits of a mode.
    ///
    /// Where systemd (254 and later) lets a service's user read a credential, it does so by an access list, of which the mode shows the
    /// group as reading; the folder is the service's alone.
    private static func others(_ path: String) -> mode_t {
        Directory.of(path) == ServiceCredential.directory ? 0o037 : 0o077
    }

    /// Creates `path` with mode 0600, writes what `body` writes, and returns when file and directory entry are durable.
    package static func create(
        at path: String, _ body: ((Span<UInt8>) throws(VaultError) -> Void) throws(VaultError) -> Void
    ) throws(VaultError) {
        let file = unsafe Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            let code = errno
            if code == EEXIST {
                throw VaultError(
                    .exists, "\(path) exists already.", hint: "A key file is never overwritten; name another.")
            }
            throw VaultError(.unreadableMasterKey, "\(path) cannot be created: \(message(code)).")
        }
        do throws(VaultError) {
            defer { close(file) }
            try body { (bytes: Span<UInt8>) throws(VaultError) in
                // The buffer is passed with its own length.
                let written = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
                guard written == bytes.count, fsync(file) == 0 else {
                    throw VaultError(.unreadableMasterKey, "\(path) cannot be written: \(message(errno)).")
                }
            }
            do { try Directory.sync(of: path) } catch { throw unreadable(Directory.of(path), error.number) }
        } catch {
            unsafe unlink(path)
            throw error
        }
    }

    private static func readAll(_ file: Int32, path: String, limit: Int) throws(VaultError) -> GuardedBytes {
        // One more than allowed, so that a longer file is noticed.
        var buffer = try VaultError.wrap { () throws(CryptoError) in try GuardedBytes(count: limit + 1) }
        var length = 0
        while length <= limit {
            let count: Int
            do { count = try buffer.read(from: file, at: length) } catch { throw unreadable(path, error.number) }
            if count == 0 { break }
            length += count
        }
        guard length > 0, length <= limit else {
            throw VaultError(
                .unreadableMasterKey, length == 0 ? "\(path) is empty." : "\(path) is longer than \(limit) bytes.",
                hint: "Is it the right file?")
        }
        return try buffer.withSpan { span throws(VaultError) in
            try VaultError.wrap { () throws(CryptoError) in try GuardedBytes(copying: span.extracting(first: length)) }
        }
    }

    private static func unreadable(_ path: String, _ code: Int32) -> VaultError {
        VaultError(.unreadableMasterKey, "\(path) cannot be read: \(message(code)).")
    }

    private static func message(_ code: Int32) -> String { FileError(code).reason }
}
