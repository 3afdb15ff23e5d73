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
        appendDraft(of: entry, continues: continues, to: &bytes)
        complete(at: start, sequence: sequence, mark: mark, seed: seed, in: &bytes)
    }

    /// Appends a frame that says what `frame`, a valid one of another file, says.
    static func append(
        copyOf frame: ArraySlice<UInt8>, sequence: UInt64, mark: UInt64, continues: Bool, seed: CRC32C,
        to bytes: inout [UInt8]
    ) {
        let start = bytes.count
        bytes += frame
        setContinues(continues, ofFrameAt: start, in: &bytes)
        complete(at: start, sequence: sequence, mark: mark, seed: seed, in: &bytes)
    }

    /// Appends a frame but for what is only known when it is written, which ``complete(at:sequence:mark:seed:in:)`` fills in.
    static func appendDraft(of entry: LogEntry, continues: Bool, to bytes: inout [UInt8]) {
        bytes.append(bigEndian: UInt32(entry.payloadLength))
        bytes.append(bigEndian: ~UInt32(entry.payloadLength))
        bytes.append(bigEndian: UInt64(0))
        bytes.append(bigEndian: UInt64(0))
        bytes += [entry.type, continues ? continuesFlag : 0, 0, 0, 0, 0, 0, 0]
        entry.appendPayload(to: &bytes)
    }

    /// Says of a draft whether its batch goes on.
    static func setContinues(_ continues: Bool, ofFrameAt start: Int, in bytes: inout [UInt8]) {
        bytes[start + 25] = continues ? continuesFlag : 0
    }

    /// Makes a frame of the draft at `start`.
    ///
    /// - Returns: where it ends.
    @discardableResult
    static func complete(at start: Int, sequence: UInt64, mark: UInt64, seed: CRC32C, in bytes: inout [UInt8]) -> Int {
        let end = start + headerLength + Int(bytes.span.extracting(start...).uint32(at: 0))
        set(bigEndian: sequence, at: start + 8, in: &bytes)
        set(bigEndian: mark, at: start + 16, in: &bytes)
        var checksum = seed
        checksum.update(bytes.span.extracting(start..<(start + checkedLength)))
        checksum.update(bytes.span.extracting((start + headerLength)..<end))
        set(bigEndian: checksum.value, at: start + checkedLength, in: &bytes)
        return end
    }

    private static func set(bigEndian number: some FixedWidthInteger, at offset: Int, in bytes: inout [UInt8]) {
        for index in 0..<(number.bitWidth / 8) {
            bytes[offset + index] = UInt8(truncatingIfNeeded: number >> (number.bitWidth - 8 - 8 * index))
        }
    }
}
