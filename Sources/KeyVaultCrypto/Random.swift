import CKeyVaultSodium

/// The system's random generator.
package enum Random {
    /// `count` random bytes that are no secret: ids and salts.
    package static func bytes(_ count: Int) throws(CryptoError) -> [UInt8] {
        try Sodium.start()
        return [UInt8](count: count) { bytes in
            // The span covers writable memory of its own length.
            unsafe bytes.withPointer { unsafe randombytes_buf($0, $1) }
        }
    }
}

extension GuardedBytes {
    /// `count` random bytes that are a secret.
    package static func random(count: Int) throws(CryptoError) -> GuardedBytes {
        var bytes = try GuardedBytes(count: count)
        bytes.withMutableSpan { span in
            // The span covers writable memory of its own length.
            unsafe span.withPointer { unsafe randombytes_buf($0, $1) }
        }
        return bytes
    }
}
