import CLinux

/// CRC-32C (Castagnoli), as in RFC 3720 section B.4: by the processor's own instruction where it has one, else from tables.
struct CRC32C {
    private var state: UInt32 = ~0

    var value: UInt32 { ~state }

    static func of(_ bytes: Span<UInt8>) -> UInt32 {
        var checksum = CRC32C()
        checksum.update(bytes)
        return checksum.value
    }

    mutating func update(_ bytes: Span<UInt8>) {
        guard Self.hasInstruction else { return updateFromTables(bytes) }
        let before = state
        // The bytes outlive the call, which is told their count.
        state = unsafe bytes.withUnsafeBytes { unsafe keyvault_crc32c(before, $0.baseAddress, $0.count) }
    }

    private static let hasInstruction = keyvault_crc32c_is_available()

    /// 16 bytes a step.
    mutating func updateFromTables(_ bytes: Span<UInt8>) {
        var crc = state
        // `tables` holds 16 × 256 numbers and is indexed by (0...15) * 256 + a byte; every load ends within `bytes.count`.
        unsafe Self.tables.withUnsafeBufferPointer { tables in
            unsafe bytes.withUnsafeBytes { bytes in
                var offset = 0
                while offset + 16 <= bytes.count {
                    let low = unsafe UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                    let high = unsafe UInt64(
                        littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self))
                    let first = low ^ UInt64(crc)
                    unsafe crc =
                        tables[0xF00 + Int(first & 0xFF)] ^ tables[0xE00 + Int(first >> 8 & 0xFF)]
                        ^ tables[0xD00 + Int(first >> 16 & 0xFF)] ^ tables[0xC00 + Int(first >> 24 & 0xFF)]
                    unsafe crc ^=
                        tables[0xB00 + Int(first >> 32 & 0xFF)] ^ tables[0xA00 + Int(first >> 40 & 0xFF)]
                        ^ tables[0x900 + Int(first >> 48 & 0xFF)] ^ tables[0x800 + Int(first >> 56)]
                    unsafe crc ^=
                        tables[0x700 + Int(high & 0xFF)] ^ tables[0x600 + Int(high >> 8 & 0xFF)]
                        ^ tables[0x500 + Int(high >> 16 & 0xFF)] ^ tables[0x400 + Int(high >> 24 & 0xFF)]
                    unsafe crc ^=
                        tables[0x300 + Int(high >> 32 & 0xFF)] ^ tables[0x200 + Int(high >> 40 & 0xFF)]
                        ^ tables[0x100 + Int(high >> 48 & 0xFF)] ^ tables[Int(high >> 56)]
                    offset += 16
                }
                while offset < bytes.count {
                    crc = unsafe tables[Int(UInt8(truncatingIfNeeded: crc) ^ bytes[offset])] ^ crc >> 8
                    offset += 1
                }
            }
        }
        state = crc
    }

    /// The table at `256 * n` advances by a byte that `n` zero bytes follow.
    private static let tables: [UInt32] = {
        var tables = (0..<256).map { byte -> UInt32 in
            (0..<8).reduce(UInt32(byte)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
        }
        for index in 256..<(16 * 256) {
            let before = tables[index - 256]
            tables.append(tables[Int(before & 0xFF)] ^ before >> 8)
        }
        return tables
    }()
}
