public import struct Foundation.Date

/// What is known of a token, without the token.
public struct TokenInfo: Hashable, Sendable {
    /// Names the token in lists and to revoke it; not a secret.
    public let id: String
    /// The account that the token speaks for; `nil` for a record that does not open, which can be listed and revoked, and nothing
    /// else.
    public let tenant: String?
    public let created: Date?
    /// From when on the token is refused; `nil` for never.
    public let expires: Date?
    /// Why the record does not open, as in ``ListEntry/code``; `nil` when it does.
    public internal(set) var code: VaultError.Code? = nil
}

/// A token just made. Show it once: the vault keeps a hash of it only.
public struct NewToken: Sendable {
    public let info: TokenInfo
    /// What the client sends, as `Authorization: Bearer …`.
    public let token: String
}

extension NewToken: CustomStringConvertible, CustomReflectable {
    /// Without the token, which would otherwise stay in a log.
    public var description: String { "NewToken(\(info.id))" }
    public var customMirror: Mirror { Mirror(self, children: ["info": info]) }
}
