import ArgumentParser
import KeyVault

extension Failure {
    /// What any error means to the person at the terminal.
    init(_ error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as VaultError: self.init(vault: error)
        case let error as StoreError: self.init(store: error)
        case let error as FormatError: self.init(.usage, error.message, hint: Self.help)
        case let error as CryptoError: self.init(.other, sentences: error.description)
        default: self.init(parsing: error)
        }
    }

    /// What the error of a vault means that was to be opened by key files: it says how they are named.
    ///
    /// Whoever opens a vault by its passphrase has no use for that.
    init(keyFiles error: VaultError) {
        let failure = Failure(error)
        guard [.wrongMasterKey, .missingMasterKey, .retiredMasterKey].contains(error.code), let hint = error.hint else {
            self = failure
            return
        }
        // Only the engine knows whether the vault has a passphrase, and its hint is where it says so.
        let options =
            hint.contains("passphrase") ? "--passphrase, --master-key-file" : "--master-key-file"
        self.init(
            failure.status, failure.message, hint: "\(failure.hint) Use \(options) or KEYVAULT_MASTER_KEY_FILE.")
    }

    /// That a record does not open, as a list or a report says it: what to do depends on why.
    init(unreadable code: VaultError.Code, _ message: String) {
        let hint =
            switch code {
            case .missingMasterKey: "Give its master key too (--master-key-file). The key itself may well be sound."
            case .newerRecord: "Upgrade KeyVault. The key itself may well be sound."
            default: "Put the key again, restore a backup, or delete the record."
            }
        self.init(Failure(vault: VaultError(code, message)).status, message, hint: hint)
    }

    private init(vault error: VaultError) {
        let status: ExitStatus =
            switch error.code {
            case .notFound, .noVault: .notFound
            case .keyRejected: .rejected
            case .inconclusiveCheck: .inconclusive
            case _ where error.isOfMasterKey: .masterKey
            case .damagedRecord, .damagedHeader, .unexpectedVault: .integrity
            case .conflict: .conflict
            case .emptySecret, .secretTooLong, .unreadableSecret: .refused
            case .expired, .disabled: .notServed
            case .invalidArgument: .usage
            case .store where (error.cause as? StoreError)?.code == .corrupt: .integrity
            default: .other
            }
        switch (Self.hint(for: error), error.cause) {
        case (let hint?, _): self.init(status, error.message, hint: hint)
        case (nil, let cause as StoreError): self.init(store: cause, status: status)
        case (nil, _): self.init(status, sentences: error.message)
        }
    }

    /// The engine does not know its commands and its options.
    private static func hint(for error: VaultError) -> String? {
        switch error.code {
        case .noVault: "Create one with 'keyvault init'."
        case .retiredMasterKey: "Give the key that 'keyvault rotate master' moved the vault to."
        case .notFound: "See 'keyvault list' and 'keyvault history', or store a key with 'keyvault put'."
        case .disabled: "Enable it with 'keyvault enable', or put a new one."
        default: error.hint
        }
    }

    /// - Parameter path: what was named as the store, where that may be a part of the message.
    init(store error: StoreError, at path: String = "", status: ExitStatus? = nil) {
        let found: ExitStatus =
            switch error.code {
            case .corrupt: .integrity
            case .notFound: .notFound
            default: .other
            }
        let status = status ?? found
        guard error.code == .notFound, Self.lastStop(in: error.message, with: path) == nil else {
            self.init(status, sentences: error.message, with: path)
            // Only a file store says it so.
            if error.code == .busy, error.message.contains(" is in use by ") {
                let advice = "End that one; for several at once, 'keyvault migrate' copies the vault into SQLite."
                self = Failure(status, message, hint: "\(hint) \(advice)")
            }
            return
        }
        self.init(status, error.message, hint: "Create a vault there with 'keyvault init', or check --store.")
    }

    /// What the argument parser refused.
    private init(parsing error: any Error) {
        let (message, help) = (KeyVaultCommand.message(for: error), Self.help(for: error))
        // It quotes what it did not expect, and that might be a key.
        guard !message.contains("nexpected argument") else {
            self.init(
                .usage, "There is an argument too many.",
                hint: help.contains("keyvault put ")
                    ? "A key never goes on the command line: pipe it in, or type it when asked. \(help)" : help)
            return
        }
        // So does a value that it could not read: what follows says where it stood and what was expected.
        let place = "' is invalid for "
        if let end = message.ranges(of: place).last?.upperBound {
            self.init(.usage, "A value is invalid for \(message[end...])", hint: help)
            return
        }
        // And a value of an option that takes none, or one that follows an option's letter.
        if let end = message.firstRange(of: ", but '") {
            self.init(.usage, message[..<end.lowerBound] + ".", hint: help)
            return
        }
        if let letter = message.firstMatch(of: /^(Unknown option '-[^-])[^']/)?.1 {
            self.init(.usage, "\(letter)…'.", hint: help)
            return
        }
        self.init(.usage, message, hint: help)
    }

    /// Where the help is of the command that the parser had come to: only the last line of its whole message says which that is.
    private static func help(for error: any Error) -> String {
        let last = KeyVaultCommand.fullMessage(for: error).split(separator: "\n").last
        return last?.firstMatch(of: /(See 'keyvault .*--help') for more information/).map { "\($0.1)." } ?? help
    }

    /// Messages of the floors below say what happened, and in their last sentence what to do.
    ///
    /// - Parameter path: one that the message may hold.
    private init(_ status: ExitStatus, sentences: String, with path: String = "") {
        guard let end = Self.lastStop(in: sentences, with: path) else {
            let hint =
                switch status {
                case .masterKey: "Check the path, and who may read and write there."
                case .integrity: "Restore a backup."
                case .usage: Self.help
                default: "See 'keyvault doctor'."
                }
            self.init(status, sentences, hint: hint)
            return
        }
        self.init(status, sentences[..<end.lowerBound] + ".", hint: String(sentences[end.upperBound...]))
    }

    /// The full stop before the last sentence of several, and the space behind it. Those of `path` end no sentence.
    private static func lastStop(in sentences: String, with path: String) -> Range<String.Index>? {
        let paths = path.contains(". ") ? sentences.ranges(of: path) : []
        return sentences.ranges(of: /\. (?=\p{Lu})/).last { stop in !paths.contains { $0.overlaps(stop) } }
    }

    private static let help = "See 'keyvault --help'."
}
