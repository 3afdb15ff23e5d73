package import KeyVaultCrypto
package import KeyVaultFormat
package import KeyVaultStorage

/// Why the vault could not do what it was asked.
///
/// Two errors are equal when their codes are. Message and hint are for people: what happened, to what, and what to do. No
/// error ever holds a secret or a part of one.
public struct VaultError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it was.
    public struct Code: RawRepresentable, Hashable, Sendable {
        public let rawValue: String

        public init(rawValue: String) { self.rawValue = rawValue }

        /// No key is stored under that id.
        public static let notFound = Code(rawValue: "notFound")
        /// There is something already where something new was to be made.
        public static let exists = Code(rawValue: "exists")
        /// No vault is there to open.
        public static let noVault = Code(rawValue: "noVault")
        /// The secret is empty.
        public static let emptySecret = Code(rawValue: "emptySecret")
        /// The secret is longer than 65,536 bytes.
        public static let secretTooLong = Code(rawValue: "secretTooLong")
        /// The input that a secret was to come from cannot be read.
        public static let unreadableSecret = Code(rawValue: "unreadableSecret")
        /// A name, a limit or another argument that cannot be used.
        public static let invalidArgument = Code(rawValue: "invalidArgument")
        /// The rules or the provider refuse the key.
        public static let keyRejected = Code(rawValue: "keyRejected")
        /// Whether the provider takes the key could not be found out.
        public static let inconclusiveCheck = Code(rawValue: "inconclusiveCheck")
        /// The vault is under other master keys than those given.
        public static let wrongMasterKey = Code(rawValue: "wrongMasterKey")
        /// A master key that is needed was not given.
        public static let missingMasterKey = Code(rawValue: "missingMasterKey")
        /// The master key given was retired from this vault.
        public static let retiredMasterKey = Code(rawValue: "retiredMasterKey")
        /// A key file that cannot be read or made, that gives its group or others any right, or that holds no key.
        public static let unreadableMasterKey = Code(rawValue: "unreadableMasterKey")
        /// The record was changed, moved or damaged: it does not open.
        public static let damagedRecord = Code(rawValue: "damagedRecord")
        /// The record was written by a later release, which alone can read it.
        public static let newerRecord = Code(rawValue: "newerRecord")
        /// The vault's header was changed or damaged, or is older than one that was seen.
        public static let damagedHeader = Code(rawValue: "damagedHeader")
        /// The vault's header was written by a later release, which alone can open the vault.
        public static let newerVault = Code(rawValue: "newerVault")
        /// The vault opened is not the one that was expected.
        public static let unexpectedVault = Code(rawValue: "unexpectedVault")
        /// The record is not at the revision that was expected.
        public static let conflict = Code(rawValue: "conflict")
        /// The key has expired.
        public static let expired = Code(rawValue: "expired")
        /// The key is kept but not served.
        public static let disabled = Code(rawValue: "disabled")
        /// The vault was closed.
        public static let closed = Code(rawValue: "closed")
        /// The task was cancelled. A single change has not happened then; a long run (a sweep, a rotation, a copy, a
        /// re-validation) keeps what it had done.
        public static let cancelled = Code(rawValue: "cancelled")
        /// The store failed; ``VaultError/cause`` is its `StoreError`, or the ``NoUsableKey`` of a ``KeyResolver``.
        public static let store = Code(rawValue: "store")
        /// Cryptography is unavailable on this machine, or in this process (after `fork`, or without memory for keys);
        /// ``VaultError/cause`` says why.
        public static let crypto = Code(rawValue: "crypto")
    }

    public let code: Code
    /// What happened, and to what.
    public let message: String
    /// What to do about it, where there is something.
    public let hint: String?
    /// The error beneath, where there is one.
    public let cause: (any Error)?
    /// Where in the engine it was thrown, for reports of bugs.
    public var place: String { "\(file):\(line)" }

    private let file: String
    /// Last, since it is no reference. With one there, the optimizer of Swift 6.3 crashed on functions of applications that call the
    /// vault and something else besides: where it joins the ways on which such a function throws, it takes the store of the error's
    /// last word for the one that clears the place of untyped errors.
    private let line: Int

    public init(
        _ code: Code, _ message: String, hint: String? = nil, cause: (any Error)? = nil, file: String = #fileID,
        line: Int = #line
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.cause = cause
        self.file = file
        self.line = line
    }

    public var description: String { hint.map { "\(message) \($0)" } ?? message }
}

extension VaultError: Equatable {
    public static func == (left: VaultError, right: VaultError) -> Bool { left.code == right.code }
}

extension VaultError {
    /// What a store's error means to the vault's user.
    package init(_ error: StoreError, file: String = #fileID, line: Int = #line) {
        let code: Code =
            switch error.code {
            case .conflict: .conflict
            case .closed: .closed
            case .cancelled: .cancelled
            case .exists: .exists
            case .notFound: .noVault
            default: .store
            }
        self.init(code, error.message, cause: error, file: file, line: line)
    }

    /// What a failure of the cryptography means where no record is to blame.
    package init(_ error: CryptoError, file: String = #fileID, line: Int = #line) {
        self.init(.crypto, error.description, cause: error, file: file, line: line)
    }

    /// A name that is none.
    package init(_ error: FormatError, file: String = #fileID, line: Int = #line) {
        self.init(.invalidArgument, error.message, cause: error, file: file, line: line)
    }

    /// Runs `body` and turns its error into the vault's.
    package static func wrap<Result: ~Copyable>(
        file: String = #fileID, line: Int = #line, _ body: () throws(CryptoError) -> Result
    ) throws(VaultError) -> Result {
        do { return try body() } catch { throw VaultError(error, file: file, line: line) }
    }

    /// Runs `body` and turns its error into the vault's.
    package static func wrap<Result: Sendable>(
        file: String = #fileID, line: Int = #line, _ body: () async throws(StoreError) -> Result
    ) async throws(VaultError) -> Result {
        do { return try await body() } catch { throw VaultError(error, file: file, line: line) }
    }
}
