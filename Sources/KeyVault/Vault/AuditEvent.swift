public import KeyVaultFormat

public import struct Foundation.Date

/// Who did what to which key, when, and how it ended. It never holds a key.
public struct AuditEvent: Sendable {
    /// What was done.
    public enum Action: String, Sendable {
        case read, put, mark, delete, deleteTenant, rotate, setPassphrase
    }

    /// Who did it: ``Vault/principal`` of the task, `nil` where the program did not say, as over the HTTP service.
    public let principal: String?
    public let action: Action
    /// The record; `nil` where the action is on a tenant or the whole vault.
    public let id: RecordID?
    /// The record's tenant, or the one that the action was on; `nil` where it was on the whole vault.
    public let tenant: String?
    public let date: Date
    /// `nil` for success, else the error's code.
    public let failure: VaultError.Code?
}
