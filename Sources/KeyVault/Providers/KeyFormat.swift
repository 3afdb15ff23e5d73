/// One shape that a provider's keys have: a prefix, then so many characters of a class.
///
/// Formats are data, read by a matcher that looks at each byte a bounded number of times: there is no regular expression to
/// send backtracking. A format describes the keys that a provider issues today; a key of another shape is by default
/// accepted with a warning, since providers change their formats without notice (see ``KeyFormat/Match``).
public struct KeyFormat: Hashable, Sendable {
    /// What such a key begins with; may be empty.
    public var prefix: String
    /// What may follow the prefix.
    public var characters: CharacterClass
    /// How many characters follow the prefix.
    public var length: ClosedRange<Int>
    /// Text that must occur somewhere behind the prefix.
    public var marker: String?
    /// Text that the key must end with.
    public var suffix: String?

    public init(
        prefix: String = "", characters: CharacterClass = .word, length: ClosedRange<Int>, marker: String? = nil,
        suffix: String? = nil
    ) {
        self.prefix = prefix
        self.characters = characters
        self.length = length
        self.marker = marker
        self.suffix = suffix
    }

    /// Whether `key`, which is trimmed, has this shape.
    package func fits(_ key: Span<UInt8>) -> Bool {
        guard key.begins(with: prefix) else { return false }
        let body = prefix.utf8.count..<key.count
        guard length.contains(body.count) else { return false }
        for index in body where !characters.contains(key[index]) { return false }
        if let suffix, !key.ends(with: suffix) { return false }
        if let marker, !key.holds(marker, from: body.lowerBound) { return false }
        return true
    }
}

extension KeyFormat {
    /// What a look at a key's shape says, before anybody is asked.
    public enum Match: Hashable, Sendable {
        /// The shape is one that the provider issues.
        case matches
        /// Not a shape that is known, and not another's either. Accepted with a warning, refused in strict mode.
        case unknownShape
        /// The shape is that of other providers' keys, named here as records name them. Refused.
        case belongsToAnother([String])
        /// Refused.
        case refused(Refusal)
    }

    /// Why no provider could take a key.
    public enum Refusal: String, Hashable, Sendable, CaseIterable {
        /// Nothing but white space.
        case empty
        /// White space or a line break inside.
        case whiteSpace
        /// A control character inside.
        case controlCharacter
        /// Something beside printable ASCII: no HTTP header can carry it.
        case notASCII
        /// A masked key, such as this product and others display, was pasted back.
        case masked
        /// An example from somebody's documentation.
        case placeholder
        /// A key that can mint other keys: too powerful to lend out.
        case administrative
        /// A token of our own HTTP service.
        case ownToken
        /// The provider's keys all begin with a prefix that this one does not have.
        case missingPrefix
    }
}

extension KeyFormat.Refusal {
    /// The end of a sentence that begins with "The key", for a person.
    public var explanation: String {
        switch self {
        case .empty: "is empty"
        case .whiteSpace: "holds white space or a line break; copy it again, in one piece"
        case .controlCharacter: "holds a control character; copy it again"
        case .notASCII: "holds characters that no API key has; copy it again from the provider's page"
        case .masked: "is a masked display of a key, not the key itself; copy the full key from the provider's page"
        case .placeholder: "is a placeholder from an example, not a key"
        case .administrative: "is an administrative key, which can create other keys; use an ordinary API key"
        case .ownToken: "is a token of this service, not a provider's key"
        case .missingPrefix: "does not begin the way this provider's keys do"
        }
    }
}

extension KeyFormat {
    /// The key without white space around it, which is how it is checked and stored: pasted text often brings a line break.
    package static func trimmed(_ secret: Span<UInt8>) -> Range<Int> {
        var (start, end) = (0, secret.count)
        while start < end, isWhiteSpace(secret[start]) { start += 1 }
        while start < end, isWhiteSpace(secret[end - 1]) { end -= 1 }
        return start..<end
    }

    package static func isWhiteSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
