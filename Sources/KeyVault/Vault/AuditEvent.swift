public import KeyVaultFormat

public import struct Foundation.Date

/// Who did what to which key, when, and how it ended. It never holds a key.
public struct AuditEvent: Sendable {
    /// What was done.
    public enum Action: String, Sendable {
        /// A key was given out, or was to be: also to its provider, to be checked.
        case read
        /// A key, or a token, was stored.
        case put
        /// What is known of a key was changed: its state, its verdict.
        case mark
        /// A key, one of its earlier revisions, or a token was removed.
        case delete
        /// All keys of a tenant were removed.
        case deleteTenant
        /// The vault was moved to another master key.
        case rotate
        /// The passphrase that opens the vault was set or changed.
        case setPassphrase
    }

    /// Who did it: ``Vault/principal`` of the task, `nil` where the program did not say, as over the HTTP service.
    public let principal: String?
    public let action: Action
    /// The record; `nil` where the action is on a tenant or the whole vault.
    public let id: RecordID?
    /// The record's tenant, or the one that the action was on; `nil` where it was on the whole vault. Of a token: the account that it
    /// speaks for, or `_tokens` where that cannot be read.
    public let tenant: String?
    public let date: Date
    /// `nil` for success, else the error's code.
    public let failure: VaultError.Code?
}
