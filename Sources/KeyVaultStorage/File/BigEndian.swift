import KeyVaultFormat

// Numbers as SPEC.md section 7.2 lays them down. The caller has checked that they lie within the span; were it wrong, the span
// would stop the process rather than read on.

extension Span<UInt8> {
    @inline(__always)
    func uint32(at offset: Int) -> UInt32 {
        UInt32(self[offset]) << 24 | UInt32(self[offset + 1]) << 16 | UInt32(self[offset + 2]) << 8
            | UInt32(self[offset + 3])
    }

    @inline(__always)
    func uint64(at offset: Int) -> UInt64 { UInt64(uint32(at: offset)) << 32 | UInt64(uint32(at: offset + 4)) }

    func array(_ range: Range<Int>) -> [UInt8] {
        // The pointer is used within the call, and the range was checked by the extraction. It is one copy instead of a loop.
        unsafe extracting(range).withUnsafeBufferPointer { unsafe Array($0) }
    }
}
