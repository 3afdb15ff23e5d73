import CSodium

/// The system's random generator.
package enum Random {
    /// `count` random bytes that are no secret: ids and salts.
    package static func bytes(_ count: Int) throws(CryptoError) -> [UInt8] {
        try Sodium.start()
        return unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            // The buffer has room for `count` bytes.
            if let base = buffer.baseAddress { unsafe randombytes_buf(base, count) }
            initialized = count
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
