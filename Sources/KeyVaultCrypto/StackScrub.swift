import CSodium

/// Overwrites what libsodium leaves on the stack.
///
/// BLAKE2b's last step and the last partial block of GCM put key material into local variables. Called once at the end of
/// each envelope operation, from the frame that made the calls.
package enum StackScrub {
    /// Deeper than any of the calls goes.
    private static let depth = 4096

    package static func scrub() { sodium_stackzero(depth) }
}
