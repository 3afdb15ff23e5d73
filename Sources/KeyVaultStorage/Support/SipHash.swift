/// SipHash-1-3 (Aumasson and Bernstein): a keyed hash, so that nobody who picks names can make them collide.
package struct SipHash: Sendable {
    private let k0: UInt64
    private let k1: UInt64

    /// - Parameter key: 16 bytes.
    package init(key: [UInt8]) {
        k0 = Self.word(key.span, at: 0, count: 8)
        k1 = Self.word(key.span, at: 8, count: 8)
    }

    package func hash(_ bytes: Span<UInt8>) -> UInt64 {
        var state = State(k0, k1)
        let whole = bytes.count & ~7
        // Each load ends at or before `whole`, which is at most `bytes.count`.
        unsafe bytes.withUnsafeBytes { words in
            for offset in stride(from: 0, to: whole, by: 8) {
                state.absorb(UInt64(littleEndian: unsafe words.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
            }
        }
        state.absorb(Self.word(bytes, at: whole, count: bytes.count - whole) | UInt64(bytes.count & 0xFF) << 56)
        return state.finish()
    }

    /// Up to 8 bytes, the lowest first.
    @inline(__always)
    private static func word(_ bytes: Span<UInt8>, at offset: Int, count: Int) -> UInt64 {
        var word: UInt64 = 0
        for index in 0..<count { word |= UInt64(bytes[offset + index]) << UInt64(8 * index) }
        return word
    }

    private struct State {
        private var v0, v1, v2, v3: UInt64

        init(_ k0: UInt64, _ k1: UInt64) {
            v0 = k0 ^ 0x736f_6d65_7073_6575
            v1 = k1 ^ 0x646f_7261_6e64_6f6d
            v2 = k0 ^ 0x6c79_6765_6e65_7261
            v3 = k1 ^ 0x7465_6462_7974_6573
        }

        mutating func absorb(_ word: UInt64) {
            v3 ^= word
            round()
            v0 ^= word
        }

        mutating func finish() -> UInt64 {
            v2 ^= 0xFF
            round()
            round()
            round()
            return v0 ^ v1 ^ v2 ^ v3
        }

        private mutating func round() {
            v0 &+= v1
            v1 = Self.rotate(v1, 13) ^ v0
            v0 = Self.rotate(v0, 32)
            v2 &+= v3
            v3 = Self.rotate(v3, 16) ^ v2
            v0 &+= v3
            v3 = Self.rotate(v3, 21) ^ v0
            v2 &+= v1
            v1 = Self.rotate(v1, 17) ^ v2
            v2 = Self.rotate(v2, 32)
        }

        private static func rotate(_ word: UInt64, _ bits: UInt64) -> UInt64 { word << bits | word >> (64 - bits) }
    }
}
