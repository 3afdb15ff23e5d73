import NIOCore

/// Passes server-sent events on, and puts one of its own before the last, `data: [DONE]`; at the end where there is none.
///
/// Nothing is held back but what could be the beginning of that line: 13 bytes at the most.
struct EventStreamTail {
    private static let done = Array("data: [DONE]".utf8)

    private let event: ByteBuffer
    private var isWritten = false
    /// How many bytes of ``done`` stand at the beginning of the current line; `nil` where it is another line.
    private var matched: Int? = 0

    init(event: [UInt8]) {
        var buffer = ByteBuffer(string: "data: ")
        buffer.writeBytes(event)
        buffer.writeString("\n\n")
        self.event = buffer
    }

    /// What to write for the next part of the upstream's answer.
    mutating func pass(_ part: ByteBuffer) -> ByteBuffer {
        guard !isWritten else { return part }
        let bytes = part.readableBytesUInt8Span
        var output = ByteBuffer()
        output.reserveCapacity(part.readableBytes + Self.done.count + event.readableBytes)
        var start = 0
        for index in bytes.indices {
            let byte = bytes[index]
            if let count = matched, byte == Self.done[count] {
                if count == 0 { flush(bytes, start..<index, into: &output) }
                matched = count + 1
                start = index + 1
                guard count + 1 == Self.done.count else { continue }
                output.writeImmutableBuffer(event)
                output.writeBytes(Self.done)
                isWritten = true
                flush(bytes, start..<bytes.count, into: &output)
                return output
            }
            if let count = matched, count > 0 {
                output.writeBytes(Self.done[..<count])
                start = index
            }
            matched = byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") ? 0 : nil
        }
        flush(bytes, start..<bytes.count, into: &output)
        return output
    }

    /// What to write when the upstream's answer has ended.
    mutating func end() -> ByteBuffer {
        guard !isWritten else { return ByteBuffer() }
        isWritten = true
        var output = ByteBuffer()
        if let count = matched, count > 0 { output.writeBytes(Self.done[..<count]) }
        // Ends whatever event the upstream left open.
        output.writeString("\n\n")
        output.writeImmutableBuffer(event)
        return output
    }

    private func flush(_ bytes: Span<UInt8>, _ range: Range<Int>, into output: inout ByteBuffer) {
        guard !range.isEmpty else { return }
        // Any part of a span of bytes can be written as raw bytes.
        unsafe bytes.extracting(range).withUnsafeBytes { unsafe _ = output.writeBytes($0) }
    }
}
