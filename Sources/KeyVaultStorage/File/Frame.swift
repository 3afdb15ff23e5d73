import KeyVaultFormat

/// The fixed part of a frame (SPEC.md section 7.2.3).
struct Frame {
    static let headerLength = 32
    static let maximumPayload = 1 << 20
    private static let checkedLength = 28
    private static let continuesFlag: UInt8 = 1

    /// Of the whole frame.
    let length: Int
    let sequence: UInt64
    /// The log was known to be durable up to here when the frame was written.
    let mark: UInt64
    let type: UInt8
    /// Whether the batch goes on with the next frame.
    let continues: Bool

    /// How long the frame is that begins with `bytes`, so far as its length can be believed.
    static func length(_ bytes: Span<UInt8>) -> Int? {
        guard bytes.count >= headerLength else { return nil }
        let length = bytes.uint32(at: 0)
        guard bytes.uint32(at: 4) == ~length, length <= maximumPayload else { return nil }
        return headerLength + Int(length)
    }

    /// Checks everything of the frame that `bytes` begins with, but for its sequence number and what its payload says.
    init?(_ bytes: Span<UInt8>, at offset: UInt64, seed: CRC32C) {
        guard let length = Self.length(bytes), length <= bytes.count else { return nil }
        guard bytes[25] & ~Self.continuesFlag == 0, bytes[26] == 0, bytes[27] == 0 else { return nil }
        let mark = bytes.uint64(at: 16)
        guard mark >= UInt64(LogHeader.length), mark <= offset else { return nil }
        // Every frame before it has taken more than a byte.
        let sequence = bytes.uint64(at: 8)
        guard sequence <= offset else { return nil }
        var checksum = seed
        checksum.update(bytes.extracting(0..<Self.checkedLength))
        checksum.update(bytes.extracting(Self.headerLength..<length))
        guard bytes.uint32(at: Self.checkedLength) == checksum.value else { return nil }
        self.length = length
        self.mark = mark
        self.sequence = sequence
        type = bytes[24]
        continues = bytes[25] == Self.continuesFlag
    }

    /// Appends a frame to `bytes`.
    static func append(
        _ entry: LogEntry, sequence: UInt64, mark: UInt64, continues: Bool, seed: CRC32C, to bytes: inout [UInt8]
    ) {
        let start = bytes.count
        bytes.append(bigEndian: UInt32(entry.payloadLength))
        bytes.append(bigEndian: ~UInt32(entry.payloadLength))
        bytes.append(bigEndian: sequence)
        bytes.append(bigEndian: mark)
        bytes += [entry.type, continues ? continuesFlag : 0, 0, 0, 0, 0, 0, 0]
        entry.appendPayload(to: &bytes)
        setChecksum(ofFrameAt: start, seed: seed, in: &bytes)
    }

    /// Appends a frame that says what `frame`, a valid one of another file, says.
    static func append(
        copyOf frame: ArraySlice<UInt8>, sequence: UInt64, mark: UInt64, continues: Bool, seed: CRC32C,
        to bytes: inout [UInt8]
    ) {
        let start = bytes.count
        bytes += frame.prefix(8)
        bytes.append(bigEndian: sequence)
        bytes.append(bigEndian: mark)
        bytes.append(frame[frame.startIndex + 24])
        bytes += [continues ? continuesFlag : 0, 0, 0, 0, 0, 0, 0]
        bytes += frame.dropFirst(headerLength)
        setChecksum(ofFrameAt: start, seed: seed, in: &bytes)
    }

    private static func setChecksum(ofFrameAt start: Int, seed: CRC32C, in bytes: inout [UInt8]) {
        var checksum = seed
        checksum.update(bytes.span.extracting(start..<(start + checkedLength)))
        checksum.update(bytes.span.extracting((start + headerLength)..<bytes.count))
        let value = checksum.value
        for index in 0..<4 {
            bytes[start + checkedLength + index] = UInt8(truncatingIfNeeded: value >> (24 - 8 * UInt32(index)))
        }
    }
}
