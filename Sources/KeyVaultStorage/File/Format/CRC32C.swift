import CKeyVaultLinux

/// CRC-32C (Castagnoli), as in RFC 3720 section B.4: by the processor's own instruction where it has one, else from a table.
struct CRC32C {
    private var state: UInt32 = ~0

    var value: UInt32 { ~state }

    static func of(_ bytes: Span<UInt8>) -> UInt32 {
        var checksum = CRC32C()
        checksum.update(bytes)
        return checksum.value
    }

    mutating func update(_ bytes: Span<UInt8>) {
        guard Self.hasInstruction else { return updateFromTable(bytes) }
        let before = state
        // The bytes outlive the call, which is told their count.
        state = unsafe bytes.withUnsafeBytes { unsafe keyvault_crc32c(before, $0.baseAddress, $0.count) }
    }

    private static let hasInstruction = keyvault_crc32c_is_available()

    /// For processors that are older than the vault's own cipher allows: a byte a step.
    mutating func updateFromTable(_ bytes: Span<UInt8>) {
        for index in bytes.indices {
            state = Self.table[Int(UInt8(truncatingIfNeeded: state) ^ bytes[index])] ^ state >> 8
        }
    }

    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
    }
}
