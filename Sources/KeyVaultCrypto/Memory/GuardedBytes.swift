/// Bytes in guarded memory: zero at first, wiped at the end, never copied by accident, never printable.
///
/// A package type is `@usableFromInline` where its `@inlinable` members are to be inlined into other targets: without that,
/// the compiler ignores the latter.
@usableFromInline @safe package struct GuardedBytes: ~Copyable, @unchecked Sendable {
    @usableFromInline package let count: Int
    @usableFromInline let slot: Slot

    /// `count` zero bytes.
    ///
    /// - Throws: `outOfMemory` beyond ``GuardedArena/maximumLength`` too, `usedAfterFork`, or what keeps libsodium from
    ///   working here.
    package init(count: Int) throws(CryptoError) {
        slot = try GuardedArena.take(count)
        self.count = count
    }

    /// A copy of `bytes`.
    package init(copying bytes: Span<UInt8>) throws(CryptoError) {
        // The buffer is read before the call ends.
        self = try unsafe bytes.withUnsafeBytes { bytes throws(CryptoError) in try unsafe GuardedBytes(copying: bytes) }
    }

    /// A copy of `bytes`.
    package init(copying bytes: UnsafeRawBufferPointer) throws(CryptoError) {
        try self.init(count: bytes.count)
        // The slot has room for `count` bytes.
        if let source = bytes.baseAddress { unsafe slot.address.copyMemory(from: source, byteCount: bytes.count) }
    }

    /// Copies `bytes` to where `offset` is.
    package mutating func copy(_ bytes: Span<UInt8>, to offset: Int) {
        precondition(offset >= 0 && offset <= count - bytes.count, "the caller made room")
        unsafe bytes.withUnsafeBytes { bytes in
            // Within the slot, as was just checked.
            if let source = bytes.baseAddress {
                unsafe (slot.address + offset).copyMemory(from: source, byteCount: bytes.count)
            }
        }
    }

    @inlinable
    deinit { wipe() }

    @inlinable
    @inline(__always)
    package borrowing func withSpan<Result: ~Copyable, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // The slot lives as long as this value, which is borrowed for the call.
        try unsafe body(Span(_unsafeStart: slot.address.assumingMemoryBound(to: UInt8.self), count: count))
    }

    /// As ``withSpan(_:)``, for as long as `body` takes.
    @inlinable
    package borrowing func withSpan<Result: ~Copyable, Failure: Error>(
        _ body: (Span<UInt8>) async throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        // As above.
        try await unsafe body(Span(_unsafeStart: slot.address.assumingMemoryBound(to: UInt8.self), count: count))
    }

    @inlinable
    package mutating func withMutableSpan<Result: ~Copyable, Failure: Error>(
        _ body: (inout MutableSpan<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // As above, and exclusive: the method is mutating.
        let start = unsafe slot.address.assumingMemoryBound(to: UInt8.self)
        var span = unsafe MutableSpan<UInt8>(_unsafeStart: start, count: count)
        return try body(&span)
    }

    @usableFromInline
    borrowing func wipe() {
        // The slot is this value's alone until here, and at most `count` bytes of it were written.
        GuardedArena.put(slot, count: count)
    }

    /// For the C calls of this target.
    borrowing func pointer() -> UnsafeMutableRawPointer { unsafe slot.address }
}
