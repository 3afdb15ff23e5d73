public import KeyVaultFormat

public import struct Foundation.Date

/// A key to be stored, and how.
public struct PutRequest: Sendable {
    public var id: RecordID
    public var secret: Secret
    /// The revision that must be the current one; 0 to require that none is stored yet; `nil` to accept any. Marks raise it too: what
    /// checks and uses of the key have brought, and that it was enabled or disabled.
    public var expectedRevision: UInt64?
    /// From when on the key is not served any more; ``Vault/sweep()`` removes it then. Default: never.
    public var expires: Date?
    /// How long the replaced key can still be read by its revision; ``Vault/sweep()`` removes it then. Default: not at all.
    public var keepPreviousFor: Duration?
    /// The place among the labels of one provider, lower first. Default: what it was, or 0.
    public var order: UInt16?

    public init(
        _ id: RecordID, _ secret: Secret, expectedRevision: UInt64? = nil, expires: Date? = nil,
        keepPreviousFor: Duration? = nil, order: UInt16? = nil
    ) {
        self.id = id
        self.secret = secret
        self.expectedRevision = expectedRevision
        self.expires = expires
        self.keepPreviousFor = keepPreviousFor
        self.order = order
    }
}
