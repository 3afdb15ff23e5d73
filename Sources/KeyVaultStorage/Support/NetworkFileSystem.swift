import CKeyVaultLinux
import Glibc

/// The file systems whose locks and syncs depend on another machine, by the numbers of `statfs(2)`.
package enum NetworkFileSystem {
    /// Whether the directory of `path` lies on one for certain.
    package static func holds(_ path: String) throws(FileError) -> Bool { includes(try type(of: path)) }

    /// Whether it lies on one, or on FUSE, which may be local, and nothing says so.
    package static func mayHold(_ path: String) throws(FileError) -> Bool {
        let type = try type(of: path)
        return includes(type) || type == 0x6573_5546
    }

    /// - Parameter type: the `f_type` of `statfs(2)`.
    static func includes(_ type: UInt32) -> Bool { magicNumbers.contains(type) }

    /// The `f_type`, a number of 32 bits in a word of whatever width and sign.
    private static func type(of path: String) throws(FileError) -> UInt32 {
        var status = statfs()
        // `status` and the string outlive the call.
        guard unsafe statfs(Directory.of(path), &status) == 0 else { throw FileError(errno) }
        return UInt32(truncatingIfNeeded: status.f_type)
    }

    private static let magicNumbers: Set<UInt32> = [
        0x6969,  // NFS
        0x517B, 0xFE53_4D42, 0xFF53_4D42,  // SMB, SMB 2, CIFS
        0x0102_1997,  // 9P
        0x00C3_6400,  // Ceph
        0x5346_414F, 0x6B41_4653,  // AFS
        0x7375_7245,  // Coda
        0x564C,  // NCP
        0x0BD0_0BD0,  // Lustre
        0x0116_1970,  // GFS2
        0x7461_636F,  // OCFS2
        0x4750_4653,  // GPFS
        0x786F_4256,  // VirtualBox shared folders
        0x1983_0326,  // BeeGFS
    ]
}

extension StoreError {
    package static func onNetwork(_ path: String) -> StoreError {
        StoreError(
            .invalid,
            "\(path) is on a network file system, whose locks and syncs cannot be relied on. Copy it to a local disk while "
                + "nobody has it open; or open it in a program with allowsNetworkFileSystems, if you know that they can."
        )
    }
}
