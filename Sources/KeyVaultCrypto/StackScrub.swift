import CKeyVaultSodium

/// Overwrites what libsodium leaves on the stack and in the vector registers.
///
/// BLAKE2b's last step and the last partial block of GCM put key material and plaintext into local variables; and the first
/// call of a library function saves the registers, with what they hold, to the stack. Called once at the end of each envelope
/// operation, from the frame that made the calls.
package enum StackScrub {
    /// Deeper than any of the calls goes, in a debug build too.
    private static let depth = 8192

    package static func scrub() {
        scrubRegisters()
        keyvault_clear_upper_vector_registers()
        sodium_stackzero(depth)
    }

    /// The registers that libsodium uses alone: for a cache hit, where the stack would cost as much as the hit, and where nothing but
    /// sealed bytes is copied through the others.
    @inline(__always)
    package static func scrubRegisters() { keyvault_clear_vector_registers() }
}
