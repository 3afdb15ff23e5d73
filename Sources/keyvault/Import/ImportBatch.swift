import KeyVault

/// Keys that are stored together: few enough to hold, many enough to share one flush of the disk.
struct ImportBatch {
    private static let maximumCount = 256
    private static let maximumLength = 1 << 20

    private(set) var lines: [ImportLine] = []
    private var ids: Set<RecordID> = []
    private var length = 0

    /// Whether `line` may still come in. A batch names each id once.
    func takes(_ line: ImportLine) -> Bool {
        lines.count < Self.maximumCount && length + line.length <= Self.maximumLength && !ids.contains(line.id)
    }

    mutating func append(_ line: ImportLine) {
        lines.append(line)
        ids.insert(line.id)
        length += line.length
    }
}
