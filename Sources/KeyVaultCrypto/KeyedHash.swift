import CKeyVaultSodium

/// Keyed BLAKE2b with a personalisation, fed piece by piece (RFC 7693; the parameter block's personal field is BLAKE2's own).
///
/// The state, which holds the key, lies in guarded memory.
package struct KeyedHash: ~Copyable {
    private var state: GuardedBytes
    private let outputLength: Int

    /// - Parameters:
    ///   - key: 32 bytes.
    ///   - outputLength: 16 to 64; it is part of what is hashed.
    package init(
        key: borrowing GuardedBytes, personalization: Personalization, outputLength: Int
    ) throws(CryptoError) {
        precondition((16...64).contains(outputLength), "every caller names a constant")
        state = try GuardedBytes(count: crypto_generichash_blake2b_statebytes())
        self.outputLength = outputLength
        let personal = personalization.rawValue.utf8
        precondition(personal.count == 16, "every purpose fills the field")
        // The slot has room for the state, aligned beyond its 64 bytes; `personal` has 16.
        _ = unsafe personal.span.withPointer { personal, _ in
            unsafe crypto_generichash_blake2b_init_salt_personal(
                statePointer, key.pointer().assumingMemoryBound(to: UInt8.self), key.count, outputLength, nil, personal)
        }
    }

    package mutating func update(_ bytes: Span<UInt8>) {
        // The state was initialised above; the buffer is passed with its own length.
        unsafe bytes.withPointer { bytes, length in
            _ = unsafe crypto_generichash_blake2b_update(statePointer, bytes, UInt64(length))
        }
    }

    /// The hash, as bytes that are no secret.
    package consuming func finish() -> [UInt8] {
        [UInt8](count: outputLength) { write(into: &$0) }
    }

    /// The hash, as a secret.
    package consuming func finishGuarded() throws(CryptoError) -> GuardedBytes {
        var hash = try GuardedBytes(count: outputLength)
        hash.withMutableSpan { write(into: &$0) }
        return hash
    }

    private mutating func write(into output: inout MutableSpan<UInt8>) {
        // As above; `output` has the length that the state was initialised with.
        unsafe output.withPointer { output, length in
            _ = unsafe crypto_generichash_blake2b_final(statePointer, output, length)
        }
    }

    /// The slot has `crypto_generichash_blake2b_statebytes()` bytes and holds nothing else.
    private var statePointer: OpaquePointer { unsafe OpaquePointer(state.pointer()) }
}
