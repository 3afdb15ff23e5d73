/// The name of a stored key: whose it is, who issued it, and which of several it is.
///
/// Each part is 1 to 255 bytes of UTF-8 without `/` and without control characters (SPEC.md section 2). Two ids are equal
/// when their *bytes* are: Swift's `==` on strings follows canonical equivalence, under which `é` and `e` with a combining
/// accent are one string, and two tenants would share one key.
///
/// Make an id once and keep it where a key is read often: building one hashes and copies its names.
public struct RecordID: Sendable {
    /// The label of a record for which none is named.
    public static let defaultLabel = "default"
    /// The longest name, in bytes of UTF-8.
    public static let maximumNameLength = 255

    /// The injective encoding of SPEC.md section 2: each name behind its length in one byte.
    package let encoded: [UInt8]
    /// A hash of ``encoded`` under a key that the process drew at its start; computed once, since the cache needs it on
    /// every read.
    package let hash: Int
    /// Whether the record is the vault's own: never listed, never counted.
    public let isReserved: Bool

    /// Names the key that `provider` issued to `tenant`.
    ///
    /// - Throws: `FormatError` (`invalidName`) that says which part is refused and why.
    public init(tenant: String, provider: String, label: String = RecordID.defaultLabel) throws(FormatError) {
        var encoded: [UInt8] = []
        encoded.reserveCapacity(3 + tenant.utf8.count + provider.utf8.count + label.utf8.count)
        try Self.append(tenant, part: "tenant", to: &encoded)
        try Self.append(provider, part: "provider", to: &encoded)
        try Self.append(label, part: "label", to: &encoded)
        self.init(checked: encoded)
    }

    /// Takes over what ``encoded`` was; `nil` where SPEC.md section 2 refuses it.
    package init?(encoded: [UInt8]) {
        guard Self.isEncoding(encoded.span) else { return nil }
        self.init(checked: encoded)
    }

    /// Whether `bytes` are what ``encoded`` may be.
    package static func isEncoding(_ bytes: Span<UInt8>) -> Bool {
        var start = 0
        for _ in 0..<3 {
            guard start < bytes.count, start + 1 + Int(bytes[start]) <= bytes.count else { return false }
            let end = start + 1 + Int(bytes[start])
            let name = bytes.extracting((start + 1)..<end)
            guard refusal(of: name) == nil, name.isASCII || (try? UTF8Span(validating: name)) != nil else {
                return false
            }
            start = end
        }
        return start == bytes.count
    }

    /// Reads `TENANT/PROVIDER` or `TENANT/PROVIDER/LABEL`.
    ///
    /// - Throws: `FormatError` (`invalidName`).
    public init(_ reference: String) throws(FormatError) {
        let parts = reference.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 2 || parts.count == 3 else {
            throw FormatError(.invalidName, "A reference is TENANT/PROVIDER or TENANT/PROVIDER/LABEL.", section: "2")
        }
        try self.init(
            tenant: String(Substring(parts[0])), provider: String(Substring(parts[1])),
            label: parts.count == 3 ? String(Substring(parts[2])) : Self.defaultLabel)
    }

    private init(checked encoded: [UInt8]) {
        self.encoded = encoded
        var hasher = Hasher()
        // The bytes as one piece: an array feeds the hasher one by one.
        unsafe encoded.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
        self.hash = hasher.finalize()
        isReserved = Self.isReserved(encoded[1])
    }

    /// The account that owns the key.
    public var tenant: String { name(at: 0) }
    /// Who issued the key.
    public var provider: String { name(at: 1) }
    /// Which of several keys of one provider it is.
    public var label: String { name(at: 2) }

    /// The bytes of the tenant, the provider (1) or the label (2).
    package func nameBytes(at index: Int) -> ArraySlice<UInt8> {
        var start = 0
        for _ in 0..<index { start += 1 + Int(encoded[start]) }
        return encoded[(start + 1)..<(start + 1 + Int(encoded[start]))]
    }

    private func name(at index: Int) -> String { String(decoding: nameBytes(at: index), as: UTF8.self) }
}

extension RecordID {
    /// Checks a tenant on its own, for calls that take all of a tenant's records.
    ///
    /// - Throws: `FormatError` (`invalidName`).
    public static func checkTenant(_ tenant: String) throws(FormatError) {
        var ignored: [UInt8] = []
        try append(tenant, part: "tenant", to: &ignored)
    }

    /// Whether the records of `tenant` are the vault's own.
    package static func isReserved(tenant: String) -> Bool { tenant.utf8.first.map(isReserved) ?? false }

    private static func isReserved(_ first: UInt8) -> Bool { first == UInt8(ascii: "_") }

    /// Appends `name` behind its length, or says why SPEC.md section 2 refuses it.
    private static func append(_ name: String, part: String, to encoded: inout [UInt8]) throws(FormatError) {
        let text = name.utf8
        let bytes = text.span
        if let refusal = refusal(of: bytes) {
            throw FormatError(.invalidName, "The \(part) \(refusal).", section: "2")
        }
        encoded.append(UInt8(bytes.count))
        encoded.append(bytes)
    }

    /// What is wrong with the bytes of a name, other than that they may be no UTF-8.
    private static func refusal(of name: Span<UInt8>) -> String? {
        if name.isEmpty { return "is empty" }
        if name.count > maximumNameLength {
            return "is \(name.count) bytes long; at most \(maximumNameLength) are allowed"
        }
        var previous: UInt8 = 0
        for index in name.indices {
            let byte = name[index]
            if byte == UInt8(ascii: "/") { return "holds a '/', which separates names" }
            // General category Cc: C0, DEL, and C1, which is C2 80 to C2 9F in UTF-8.
            if byte < 0x20 || byte == 0x7F || (previous == 0xC2 && byte <= 0x9F) { return "holds a control character" }
            previous = byte
        }
        return nil
    }
}

extension RecordID: Hashable {
    public static func == (left: RecordID, right: RecordID) -> Bool {
        left.hash == right.hash && left.encoded == right.encoded
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}

extension RecordID: Comparable {
    /// By the bytes of tenant, then provider, then label: the order in which stores scan.
    public static func < (left: RecordID, right: RecordID) -> Bool {
        let (one, other) = (left.encoded.span, right.encoded.span)
        // Names that are equal are equally long: the next one's length stands at the same place in both.
        var start = 0
        for _ in 0..<3 {
            let (count, otherCount) = (Int(one[start]), Int(other[start]))
            for index in (start + 1)..<(start + 1 + min(count, otherCount)) where one[index] != other[index] {
                return one[index] < other[index]
            }
            if count != otherCount { return count < otherCount }
            start += 1 + count
        }
        return false
    }
}

extension RecordID: CustomStringConvertible {
    /// `tenant/provider`, and `/label` where it is not the default: what ``init(_:)`` reads.
    public var description: String {
        label == Self.defaultLabel ? "\(tenant)/\(provider)" : "\(tenant)/\(provider)/\(label)"
    }
}
