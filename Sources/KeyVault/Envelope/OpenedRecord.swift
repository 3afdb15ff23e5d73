import KeyVaultCrypto
package import KeyVaultFormat
package import KeyVaultStorage

/// The plaintext of a record in guarded memory: its metadata, parsed, and its secret.
package struct OpenedRecord: ~Copyable, Sendable {
    package let key: RecordKey
    package let metadata: Metadata
    private let plaintext: GuardedBytes
    private let secret: Range<Int>

    init(_ plaintext: consuming GuardedBytes, key: RecordKey, kind: RecordKind) throws(FormatError) {
        let (metadata, secret) = try plaintext.withSpan { plaintext throws(FormatError) in
            try PlaintextLayout.decode(plaintext, kind: kind)
        }
        self.key = key
        self.metadata = metadata
        self.plaintext = plaintext
        self.secret = secret
    }

    package borrowing func withSecret<Result: ~Copyable, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try plaintext.withSpan { span throws(Failure) in try body(span.extracting(secret)) }
    }

    /// Whether its secret is that one.
    borrowing func holds(_ other: Secret) -> Bool {
        withSecret { secret in other.withSpan { ConstantTime.equal(secret, $0) } }
    }

    /// Hands the secret over for a caller's closure.
    package consuming func lease() -> SecretLease {
        SecretLease(plaintext, secret: secret, revision: key.revision)
    }
}
