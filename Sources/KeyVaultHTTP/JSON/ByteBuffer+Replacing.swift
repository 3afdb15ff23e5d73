import NIOCore

extension ByteBuffer {
    /// A copy with other bytes in the place of those at `range`, counted from the first readable one.
    func replacing(_ range: Range<Int>, with bytes: some Collection<UInt8>) -> ByteBuffer {
        var copy = ByteBuffer()
        copy.reserveCapacity(readableBytes - range.count + bytes.count)
        let rest = readableBytes - range.upperBound
        copy.writeImmutableBuffer(getSlice(at: readerIndex, length: range.lowerBound) ?? ByteBuffer())
        copy.writeBytes(bytes)
        copy.writeImmutableBuffer(getSlice(at: readerIndex + range.upperBound, length: rest) ?? ByteBuffer())
        return copy
    }
}
