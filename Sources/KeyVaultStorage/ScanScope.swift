public import KeyVaultFormat

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

extension ScanScope {
    /// Whether only the highest revision of each id is walked over.
    public var isCurrentOnly: Bool {
        switch self {
        case .current, .currentOf: true
        case .everything, .everythingOf: false
        }
    }

    /// Whether the rows of `id` belong to it. By bytes, as everywhere.
    public func includes(_ id: RecordID) -> Bool {
        switch self {
        case .everything: true
        case .current: !id.isReserved
        case .currentOf(let tenant), .everythingOf(let tenant): id.nameBytes(at: 0).elementsEqual(tenant.utf8)
        }
    }
}
