/// Why no key serves a request: ``VaultError/cause`` of what ``KeyResolver`` throws, and of `disabled` and `expired`.
public struct NoUsableKey: Error, Hashable, Sendable {
    /// Every source of keys that was looked at, in order.
    public let passedOver: [PassedOver]
}
