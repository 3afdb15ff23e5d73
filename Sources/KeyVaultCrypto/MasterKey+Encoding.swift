extension MasterKey {
    /// Copies a key that the caller holds, as people keep it: 32 raw bytes, 64 hexadecimal digits, or base64 of 32 bytes. Text
    /// may end in one line break. The caller's own copy stays the caller's to wipe.
    ///
    /// The encodings cannot be mistaken for one another: they differ in length. 32 bytes of printable text are refused,
    /// since somebody typed them.
    ///
    /// - Throws: `CryptoError` `invalidKey`.
    public init(copying encoded: Span<UInt8>) throws(CryptoError) {
        var decoded = try GuardedBytes(count: Self.length)
        let text = encoded.extracting(droppingLast: encoded.lineBreakLength)
        if encoded.count == Self.length {
            decoded.withMutableSpan { for index in encoded.indices { $0[index] = encoded[index] } }
        } else if text.count == 64 {
            guard decoded.decode(text, .hexadecimal) else { throw .invalidKey(.unknownEncoding) }
        } else if text.count == 44 || text.count == 43 {
            guard decoded.decode(text, .base64(isPadded: text.count == 44)) else { throw .invalidKey(.unknownEncoding) }
        } else {
            throw .invalidKey(.unknownEncoding)
        }
        try decoded.withSpan { decoded throws(CryptoError) in try Self.refuseWeak(decoded) }
        try self.init(decoded)
    }

    /// The longest encoding: hexadecimal with a line break.
    package static let maximumEncodedLength = 66
}

extension Span<UInt8> {
    /// The length of one `\n` or `\r\n` at the end, or 0.
    package var lineBreakLength: Int {
        guard count > 0, self[count - 1] == UInt8(ascii: "\n") else { return 0 }
        return count > 1 && self[count - 2] == UInt8(ascii: "\r") ? 2 : 1
    }
}
