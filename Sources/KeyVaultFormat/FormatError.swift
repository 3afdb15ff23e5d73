/// Bytes or text that SPEC.md refuses.
///
/// Two errors are equal when their codes are, so that a test can compare without quoting a message. The message never holds
/// any of the refused bytes.
public struct FormatError: Error, Sendable, CustomStringConvertible {
    /// What kind of rule was broken.
    public struct Code: RawRepresentable, Hashable, Sendable {
        public let rawValue: String

        public init(rawValue: String) { self.rawValue = rawValue }

        /// A tenant, provider or label that SPEC.md section 2 refuses.
        public static let invalidName = Code(rawValue: "invalidName")
        /// Bytes that end before the structure does.
        public static let truncated = Code(rawValue: "truncated")
        /// Bytes that go on after the structure has ended.
        public static let trailingBytes = Code(rawValue: "trailingBytes")
        /// The first bytes are not those of the structure.
        public static let badMagic = Code(rawValue: "badMagic")
        /// A format version that this release does not know.
        public static let unsupportedVersion = Code(rawValue: "unsupportedVersion")
        /// A suite that is not on the allow-list.
        public static let unsupportedSuite = Code(rawValue: "unsupportedSuite")
        /// A field whose value is out of its range.
        public static let invalidField = Code(rawValue: "invalidField")
        /// A length beyond its limit.
        public static let tooLarge = Code(rawValue: "tooLarge")
    }

    public let code: Code
    /// What was wrong and what to do, for a person.
    public let message: String
    /// The section of SPEC.md that the input breaks, such as `4.2`.
    public var section: String { "\(sectionName)" }

    /// Last, and ending in a byte, for the reason that `VaultError` gives.
    private let sectionName: StaticString

    package init(_ code: Code, _ message: String, section: StaticString) {
        self.code = code
        self.message = message
        sectionName = section
    }

    public var description: String { "\(message) (SPEC.md section \(section))" }
}

extension FormatError: Equatable {
    public static func == (left: FormatError, right: FormatError) -> Bool { left.code == right.code }
}
