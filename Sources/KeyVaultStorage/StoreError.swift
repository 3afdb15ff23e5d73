public import KeyVaultFormat

/// Why a store could not do what it was asked.
///
/// Two errors are equal when their codes are. The message says what happened, to what, and what to do; it never holds sealed
/// bytes.
public struct StoreError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it was.
    public struct Code: RawRepresentable, Hashable, Sendable {
        public let rawValue: String

        public init(rawValue: String) { self.rawValue = rawValue }

        /// Nothing is there to open.
        public static let notFound = Code(rawValue: "notFound")
        /// A vault is there already, or a file that must not be replaced, or a log without its database.
        public static let exists = Code(rawValue: "exists")
        /// A precondition of a change does not hold; ``StoreError/conflictingID`` names the record.
        public static let conflict = Code(rawValue: "conflict")
        /// The header has a generation that is not the batch's: read the header again.
        public static let staleHeader = Code(rawValue: "staleHeader")
        /// Somebody else held the store for longer than the bounded wait.
        public static let busy = Code(rawValue: "busy")
        /// The disk or the quota is full, or a file store is as long as one can be. Whether a batch that met this is there is
        /// known only once the store was opened again, or a later write has succeeded.
        public static let full = Code(rawValue: "full")
        /// The store may be read but not written.
        public static let readOnly = Code(rawValue: "readOnly")
        /// The bytes on disk are damaged.
        public static let corrupt = Code(rawValue: "corrupt")
        /// The file belongs to another application.
        public static let foreign = Code(rawValue: "foreign")
        /// The file was written by a later release.
        public static let newer = Code(rawValue: "newer")
        /// The operating system or the library beneath failed.
        public static let io = Code(rawValue: "io")
        /// The store was closed.
        public static let closed = Code(rawValue: "closed")
        /// The task was cancelled before anything happened.
        public static let cancelled = Code(rawValue: "cancelled")
        /// A limit or an argument was not kept.
        public static let invalid = Code(rawValue: "invalid")
    }

    public let code: Code
    /// What happened, to what, and what to do.
    public let message: String
    /// The error beneath, where there is one.
    public let cause: (any Error)?
    /// The record whose precondition failed, with `conflict`. Last, and ending in a byte, for the reason that `VaultError` gives.
    public let conflictingID: RecordID?

    public init(_ code: Code, _ message: String, conflictingID: RecordID? = nil, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.conflictingID = conflictingID
        self.cause = cause
    }

    package static let closed = StoreError(.closed, "The store was closed. Open the vault again.")
    package static let noThread = StoreError(
        .io,
        "The system gives this process no further thread, and a store needs one that writes. Raise the limit on its processes or "
            + "tasks.")
    package static let cancelled = StoreError(.cancelled, "The task was cancelled; nothing was written.")

    /// Refuses a path that the system would take for a shorter one.
    package static func check(path: String) throws(StoreError) {
        guard !path.utf8.contains(0) else { throw StoreError(.invalid, "A path holds a zero byte. Check the path.") }
    }

    /// The precondition of a change does not hold.
    public static func conflict(over id: RecordID) -> StoreError {
        StoreError(.conflict, "\(id) was changed by somebody else. Read it again.", conflictingID: id)
    }

    public var description: String { message }
}

extension StoreError: Equatable {
    public static func == (left: StoreError, right: StoreError) -> Bool { left.code == right.code }
}
