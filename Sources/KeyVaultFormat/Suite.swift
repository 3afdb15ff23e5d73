/// The set of algorithms that a structure was made with (SPEC.md section 3.1): a closed list, one byte.
public enum Suite: UInt8, Sendable {
    /// AES-256-GCM and keyed BLAKE2b.
    case aes256GCMBLAKE2b = 1

    package init(_ byte: UInt8) throws(FormatError) {
        guard let suite = Suite(rawValue: byte) else {
            throw FormatError(
                .unsupportedSuite, "Suite \(byte) is not known to this release. Open it with a later one.",
                section: "3.1")
        }
        self = suite
    }
}
