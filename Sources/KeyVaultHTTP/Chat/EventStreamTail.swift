import NIOCore

/// Passes server-sent events on, and puts one of its own before the last, `data: [DONE]`; at the end where there is none.
///
/// Nothing is held back but what could be the beginning of that line: 11 bytes at the most.
struct EventStreamTail {
    /// The line of the last event. The space is for the sender to choose (WHATWG HTML, section 9.2.6).
    private static let lastLines = ["data: [DONE]", "data:[DONE]"].map { Array($0.utf8) }

    private let event: ByteBuffer
    private var isWritten = false
    /// The current line, as long as it can become the last event's; `nil` where it is another line.
    private var held: [UInt8]? = []

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
        output.reserveCapacity(part.readableBytes + event.readableBytes)
        var start = 0
        for index in bytes.indices {
            let byte = bytes[index]
            if let before = held {
                let line = before + [byte]
                if Self.lastLines.contains(where: { $0.starts(with: line) }) {
                    if before.isEmpty { flush(bytes, start..<index, into: &output) }
                    held = line
                    start = index + 1
                    guard Self.lastLines.contains(line) else { continue }
                    output.writeImmutableBuffer(event)
                    output.writeBytes(line)
                    isWritten = true
                    flush(bytes, start..<bytes.count, into: &output)
                    return output
                }
                if !before.isEmpty {
                    output.writeBytes(before)
                    start = index
                }
            }
            held = byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") ? [] : nil
        }
        flush(bytes, start..<bytes.count, into: &output)
        return output
    }

    /// What to write when the upstream's answer has ended.
    mutating func end() -> ByteBuffer {
        guard !isWritten else { return ByteBuffer() }
        isWritten = true
        var output = ByteBuffer()
        if let held { output.writeBytes(held) }
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
