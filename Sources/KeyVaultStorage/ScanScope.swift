/// Which rows a scan walks over.
public enum ScanScope: Hashable, Sendable {
    /// Every row, retained revisions and the vault's own records included.
    case everything
    /// The current row of every id whose tenant does not begin with `_`.
    case current
    /// The current row of every id of this tenant.
    case currentOf(tenant: String)
    /// Every row of this tenant, retained revisions included.
    case everythingOf(tenant: String)
}
