import KeyVaultCrypto
import KeyVaultFormat

/// A key on its way into the vault: copied into guarded memory at once, wiped when the last reference ends.
///
/// What it was copied from stays the caller's to wipe; a `String` cannot be wiped at all.
public final class Secret: Sendable {
    /// The longest secret, in bytes.
    public static let maximumLength = PlaintextLayout.maximumSecretLength

    private let bytes: GuardedBytes

    /// Copies `bytes`.
    ///
    /// - Throws: ``VaultError`` `emptySecret`, `secretTooLong` (65,536 bytes at most), or `crypto` where no guarded memory is
    ///   to be had.
    public init(copying bytes: RawSpan) throws(VaultError) {
        try Self.check(bytes.byteCount)
        self.bytes = try VaultError.wrap { () throws(CryptoError) in
            // The bytes are read before the call ends.
            try unsafe bytes.withUnsafeBytes { bytes throws(CryptoError) in try unsafe GuardedBytes(copying: bytes) }
        }
    }

    /// Copies `bytes`.
    ///
    /// - Throws: as the other `init(copying:)`.
    public convenience init(copying bytes: Span<UInt8>) throws(VaultError) {
        // The bytes of a span of bytes have no padding.
        try self.init(copying: unsafe bytes.bytes)
    }

    /// Copies the UTF-8 of `text`.
    ///
    /// - Throws: as `init(copying:)`.
    public convenience init(_ text: String) throws(VaultError) {
        try self.init(copying: text.utf8.span)
    }

    /// Takes over guarded bytes.
    package init(_ bytes: consuming GuardedBytes) throws(VaultError) {
        try Self.check(bytes.count)
        self.bytes = bytes
    }

    /// What the file at `path` holds, without one line break at its end.
    ///
    /// - Throws: ``VaultError`` `unreadableSecret` for a file that is not there, that gives its group or others any right, that is a
    ///   directory, cannot be read, is empty or too long; and as `init(copying:)`.
    public convenience init(contentsOfFile path: String) throws(VaultError) {
        let contents: GuardedBytes
        do { contents = try SecretFile.read(path, limit: Self.maximumLength + 2, ifMissing: "Check the path.") } catch {
            // It is no master key's file.
            throw [.missingMasterKey, .unreadableMasterKey].contains(error.code)
                ? VaultError(.unreadableSecret, error.message, hint: error.hint) : error
        }
        try self.init(
            try contents.withSpan { bytes throws(VaultError) in
                try VaultError.wrap { () throws(CryptoError) in
                    try GuardedBytes(copying: bytes.extracting(droppingLast: bytes.lineBreakLength))
                }
            })
    }

    package func withSpan<Result: ~Copyable, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try bytes.withSpan(body)
    }

    /// As ``withSpan(_:)``, for as long as `body` takes.
    package func withSpan<Result: ~Copyable, Failure: Error>(
        _ body: (Span<UInt8>) async throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        try await bytes.withSpan(body)
    }

    private static func check(_ count: Int) throws(VaultError) {
        guard count > 0 else { throw VaultError(.emptySecret, "The secret is empty.", hint: "Give the key itself.") }
        guard count <= maximumLength else {
            throw VaultError(
                .secretTooLong, "The secret is \(count) bytes long; at most \(maximumLength) are allowed.",
                hint: "Is it really a key?")
        }
    }
}

extension Secret: Equatable {
    /// In constant time: how far two secrets agree must not show.
    public static func == (left: Secret, right: Secret) -> Bool {
        left.withSpan { left in right.withSpan { right in ConstantTime.equal(left, right) } }
    }
}
