import KeyVaultFormat

/// What a valid frame says, on its way out of the log: where in the frame things lie (SPEC.md section 7.2.3).
enum FrameContent {
    case put(Name, sealedFrom: Int)
    case tombstone(Name, floor: UInt64)
    case head(generation: UInt64, floor: UInt64, headerFrom: Int)
    case checkpoint(hintEntries: UInt64, hintChecksum: UInt32)

    /// The row that a put or a tombstone is about.
    struct Name {
        /// Of the encoded id.
        let range: Range<Int>
        let revision: UInt64
    }

    /// - Parameter bytes: exactly the frame.
    /// - Returns: `nil` for a payload that is not as its type asks.
    init?(_ frame: Frame, _ bytes: Span<UInt8>) {
        let start = Frame.headerLength
        let payloadLength = bytes.count - start
        switch frame.type {
        case LogEntry.putType:
            guard let name = Self.name(bytes) else { return nil }
            self = .put(name, sealedFrom: name.range.upperBound + 8)
        case LogEntry.tombstoneType:
            guard let name = Self.name(bytes), bytes.count == name.range.upperBound + 16 else { return nil }
            let floor = bytes.uint64(at: name.range.upperBound + 8)
            guard floor <= WriteBatch.maximumRevision else { return nil }
            self = .tombstone(name, floor: floor)
        case LogEntry.headType:
            guard payloadLength >= 16 else { return nil }
            let (generation, floor) = (bytes.uint64(at: start), bytes.uint64(at: start + 8))
            guard generation <= VaultHeader.maximumGeneration, floor <= WriteBatch.maximumRevision else { return nil }
            self = .head(generation: generation, floor: floor, headerFrom: start + 16)
        case LogEntry.checkpointType:
            guard payloadLength == 16, !frame.continues, bytes.uint32(at: start + 12) == 0 else { return nil }
            self = .checkpoint(hintEntries: bytes.uint64(at: start), hintChecksum: bytes.uint32(at: start + 8))
        default:
            return nil
        }
    }

    /// The three names behind their lengths, and a revision.
    private static func name(_ bytes: Span<UInt8>) -> Name? {
        var end = Frame.headerLength
        for _ in 0..<3 {
            guard end < bytes.count, bytes[end] > 0 else { return nil }
            end += 1 + Int(bytes[end])
        }
        guard end + 8 <= bytes.count else { return nil }
        let revision = bytes.uint64(at: end)
        guard revision > 0, revision <= WriteBatch.maximumRevision else { return nil }
        return Name(range: Frame.headerLength..<end, revision: revision)
    }
}
