import CKeyVaultSodium

/// Comparison whose time does not depend on what is compared.
package enum ConstantTime {
    /// Whether two byte strings are equal. Their lengths are no secret.
    package static func equal(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        // Both buffers are `length` bytes long.
        return unsafe left.withPointer { left, length in
            unsafe right.withPointer { right, _ in
                // Codes and commitments have 32 bytes, which libsodium compares without a loop over them.
                unsafe (length == 32 ? crypto_verify_32(left, right) : sodium_memcmp(left, right, length)) == 0
            }
        }
    }
}
