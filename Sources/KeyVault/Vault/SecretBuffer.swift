import KeyVaultCrypto

/// Room for a secret that comes in piece by piece, in guarded memory: a line that is typed, a pipe that is read.
///
/// It is wiped when it ends. Make a ``Secret`` of it with `Secret(copying:)`.
public struct SecretBuffer: ~Copyable, Sendable {
    /// The largest buffer there is, in bytes: a ``Secret`` of the greatest length with room to spare.
    public static let maximumCapacity = GuardedArena.maximumLength

    /// How many bytes there is room for.
    public let capacity: Int
    /// How many bytes it holds.
    public private(set) var count = 0
    private var bytes: GuardedBytes

    /// An empty buffer.
    ///
    /// - Parameter capacity: 0 to ``maximumCapacity``.
    /// - Throws: ``VaultError`` `invalidArgument` for another one, `crypto` where no guarded memory is to be had.
    public init(capacity: Int = SecretBuffer.maximumCapacity) throws(VaultError) {
        guard (0...Self.maximumCapacity).contains(capacity) else {
            throw VaultError(
                .invalidArgument, "A buffer for a secret has room for 0 to \(Self.maximumCapacity) bytes.",
                hint: "Make one of such a length.")
        }
        bytes = try VaultError.wrap { () throws(CryptoError) in try GuardedBytes(count: capacity) }
        self.capacity = capacity
    }

    /// Appends what one `read` of a file gives, at most as much as there is room for.
    ///
    /// - Parameter descriptor: an open file; it is waited for.
    /// - Returns: how many bytes were appended; 0 at the end of the file, and where there is no room.
    /// - Throws: ``VaultError`` `unreadableSecret`.
    public mutating func read(from descriptor: Int32) throws(VaultError) -> Int {
        do {
            let length = try bytes.read(from: descriptor, at: count)
            count += length
            return length
        } catch {
            throw VaultError(
                .unreadableSecret, "The input that holds the secret cannot be read: \(error.reason).",
                hint: "Pipe the secret in, or name a file that can be read.")
        }
    }

    /// Appends one byte.
    ///
    /// - Returns: whether there was room for it.
    public mutating func append(_ byte: UInt8) -> Bool {
        guard count < capacity else { return false }
        let end = count
        bytes.withMutableSpan { $0[end] = byte }
        count += 1
        return true
    }

    /// Drops one line break at the end, `\n` or `\r\n`, where there is one.
    public mutating func removeLineBreak() { count -= withSpan { $0.lineBreakLength } }

    /// Wipes what it holds, and begins again.
    public mutating func removeAll() {
        bytes.withMutableSpan { for index in $0.indices { $0[index] = 0 } }
        count = 0
    }

    /// Runs `body` on the bytes that it holds.
    public borrowing func withSpan<Result: ~Copyable, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let held = count
        return try bytes.withSpan { span throws(Failure) in try body(span.extracting(first: held)) }
    }
}
