import KeyVaultFormat

/// What a frame says, on its way into the log (SPEC.md section 7.2.3).
enum LogEntry {
    case put(RecordKey, sealed: [UInt8])
    case tombstone(RecordKey, floor: UInt64)
    case head(StoreHead)
    case checkpoint(hintEntries: UInt64, hintChecksum: UInt32)

    /// One that vouches for no hint.
    static let plainCheckpoint = LogEntry.checkpoint(hintEntries: 0, hintChecksum: 0)

    static let putType: UInt8 = 1
    static let tombstoneType: UInt8 = 2
    static let headType: UInt8 = 3
    static let checkpointType: UInt8 = 4
    static let checkpointLength = Frame.headerLength + 16

    var type: UInt8 {
        switch self {
        case .put: Self.putType
        case .tombstone: Self.tombstoneType
        case .head: Self.headType
        case .checkpoint: Self.checkpointType
        }
    }

    var payloadLength: Int {
        switch self {
        case .put(let key, let sealed): key.id.encoded.count + 8 + sealed.count
        case .tombstone(let key, _): key.id.encoded.count + 16
        case .head(let head): 16 + head.header.count
        case .checkpoint: 16
        }
    }

    var frameLength: Int { Frame.headerLength + payloadLength }

    func appendPayload(to bytes: inout [UInt8]) {
        switch self {
        case .put(let key, let sealed):
            bytes += key.id.encoded
            bytes.append(bigEndian: key.revision)
            bytes += sealed
        case .tombstone(let key, let floor):
            bytes += key.id.encoded
            bytes.append(bigEndian: key.revision)
            bytes.append(bigEndian: floor)
        case .head(let head):
            bytes.append(bigEndian: head.generation)
            bytes.append(bigEndian: head.revisionFloor)
            bytes += head.header
        case .checkpoint(let entries, let checksum):
            bytes.append(bigEndian: entries)
            bytes.append(bigEndian: checksum)
            bytes += [0, 0, 0, 0]
        }
    }
}
