package import KeyVaultCrypto

/// A plaintext secret in guarded memory, for as long as one caller's closure runs; wiped at its end.
@usableFromInline package struct SecretLease: ~Copyable, Sendable {
    /// Holds the secret, perhaps among other plaintext.
    @usableFromInline let bytes: GuardedBytes
    /// Where in `bytes` the secret lies.
    @usableFromInline let range: Range<Int>
    /// The revision of the record that the secret is of.
    package let revision: UInt64

    package init(_ bytes: consuming GuardedBytes, secret range: Range<Int>, revision: UInt64) {
        self.bytes = bytes
        self.range = range
        self.revision = revision
    }

    @inlinable
    package borrowing func withSpan<Result: ~Copyable, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try bytes.withSpan { span throws(Failure) in try body(span.extracting(range)) }
    }

    /// As ``withSpan(_:)``, for as long as `body` takes.
    @inlinable
    package borrowing func withSpan<Result: ~Copyable, Failure: Error>(
        _ body: (Span<UInt8>) async throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        try await bytes.withSpan { span async throws(Failure) in try await body(span.extracting(range)) }
    }
}
