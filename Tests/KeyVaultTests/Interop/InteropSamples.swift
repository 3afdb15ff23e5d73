import KeyVaultFormat

/// Rows of every kind: all length classes of secrets, names that are hard to keep apart, all metadata.
enum InteropSamples {
    /// At both sides of a block of padding (64 and 65), usual ones, a page; the longest are rare, for the sake of time.
    private static let lengths = [1, 63, 64, 65, 164, 4096]
    private static let tenants = [
        "acme", "caf\u{E9}", "cafe\u{301}", "\u{1F511}\u{FE0F}", "_own", "\u{540D}\u{524D}", "\u{FB01}rm", "firm", " ",
        String(repeating: "x", count: 255),
    ]
    private static let providers = ["openai", "\u{212B}ngstr\u{F6}m", "\u{C5}ngstr\u{F6}m", "a\u{200D}b"]
    private static let disabled: [(UInt8, UInt8)] = [(0, 0), (1, 1), (1, 2), (1, 3)]

    /// The same rows each time, each id once.
    static func rows(_ count: Int) throws -> [InteropRow] {
        try (0..<count).map { index in
            var row = InteropRow(
                try RecordID(
                    tenant: tenants[index % tenants.count], provider: providers[index / 3 % providers.count],
                    label: "label \(index)"))
            row.revision = [1, 2, 77, UInt64(Int64.max)][index % 4]
            row.kind = index % 3 == 2 ? .retained : .current
            let secret = secret(index)
            row.secret = HexBytes(bytes: secret)
            row.metadata = metadata(index, row.recordKind, hint: Hint(of: secret.span))
            return row
        }
    }

    private static func secret(_ index: Int) -> [UInt8] {
        let length = index % 50 == 49 ? 65_536 : lengths[index % lengths.count]
        let bytes = VectorKeys.bytes(length, seed: 1000 + UInt64(index))
        // Every other one is text, which has a hint where it is long enough.
        return index % 2 == 0 ? bytes.map { 0x21 + $0 % 94 } : bytes
    }

    private static func metadata(_ index: Int, _ kind: RecordKind, hint: Hint?) -> InteropMetadata {
        let number = UInt64(index)
        var metadata = InteropMetadata(created: 1 + number, updated: 1_700_000_000_000 + number)
        (metadata.state, metadata.reason) = disabled[index % 4]
        metadata.verdict = UInt8(index % 8)
        metadata.order = UInt16(truncatingIfNeeded: index * 131)
        metadata.hint = HexBytes(bytes: hint?.bytes ?? [])
        metadata.validated = index % 5 == 0 ? 0 : 1_750_000_000_123 + number
        metadata.expires = index % 7 == 0 ? Timestamp.maximum : 0
        let mayEnd = kind == .retained || metadata.state == 1
        metadata.until = mayEnd && index % 2 == 1 ? 1_800_000_000_001 + number : 0
        return metadata
    }
}
