import CKeyVaultLinux
import Glibc

/// Which file it is that bears a name, or that a descriptor has open. A symbolic link is a file of its own.
package struct FileIdentity: Equatable, Sendable {
    private var device: UInt64 = 0
    private var number: UInt64 = 0

    package init(_ path: String) throws(FileError) { try self.init(AT_FDCWD, path) }

    package init(descriptor: Int32) throws(FileError) { try self.init(descriptor, "") }

    private init(_ descriptor: Int32, _ path: String) throws(FileError) {
        // The string and both numbers outlive the call.
        let error = unsafe keyvault_identify(descriptor, path, &device, &number)
        guard error == 0 else { throw FileError(error) }
    }
}
