/// A header as it is stored: the body, then one authentication code for each live key in the order of the list.
package struct StoredHeader: Hashable, Sendable {
    package let header: VaultHeader
    /// The bytes that the codes cover.
    package let body: [UInt8]
    /// 32 bytes each.
    package let codes: [[UInt8]]

    package init(header: VaultHeader, codes: [[UInt8]]) {
        self.header = header
        self.body = header.body
        self.codes = codes
    }

    /// Reads a stored header; what its codes prove is for the holder of a key to check.
    package init(_ bytes: [UInt8]) throws(FormatError) {
        guard bytes.count <= VaultHeader.maximumLength else {
            throw FormatError(
                .tooLarge, "A vault header is at most \(VaultHeader.maximumLength) bytes.", section: "5.1")
        }
        var reader = ByteReader(bytes, section: "5.1")
        header = try VaultHeader(&reader)
        body = Array(bytes.dropLast(reader.remaining))
        var codes: [[UInt8]] = []
        for _ in header.liveKeyIDs { codes.append(try reader.bytes(VaultHeader.macLength)) }
        try reader.expectEnd()
        self.codes = codes
    }

    package var encoded: [UInt8] { body + codes.flatMap { $0 } }
}
