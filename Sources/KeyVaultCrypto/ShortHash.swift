import CKeyVaultSodium

/// A keyed hash of a few hundred bytes to 128 bits: SipHash-2-4 in its long variant (Aumasson and Bernstein, 2012), a
/// pseudo-random function. It takes a quarter of what keyed BLAKE2b takes; use it where nothing is stored.
package struct ShortHash: ~Copyable, Sendable {
    private let key: GuardedBytes

    /// Under a new key, which lives as long as this value.
    package init() throws(CryptoError) { key = try GuardedBytes.random(count: crypto_shorthash_siphashx24_keybytes()) }

    package borrowing func hash(_ bytes: Span<UInt8>) -> InlineArray<16, UInt8> {
        var hash = InlineArray<16, UInt8>(repeating: 0)
        var output = hash.mutableSpan
        // The output has the 16 bytes of the long variant, the key the 16 that were drawn; the input is passed with its length.
        _ = unsafe output.withPointer { output, _ in
            unsafe bytes.withPointer { bytes, length in
                unsafe crypto_shorthash_siphashx24(
                    output, bytes, UInt64(length), key.pointer().assumingMemoryBound(to: UInt8.self))
            }
        }
        return hash
    }
}
