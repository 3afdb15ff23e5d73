import Foundation
import KeyVault
import KeyVaultFormat

/// What an operation gave, as far as all stores must agree on it.
enum VaultOutcome: Equatable {
    case done
    case revision(UInt64)
    case secret([UInt8])
    case existed(Bool)
    /// Names and revisions.
    case entries([RecordID: UInt64])
    case count(Int)
    case refused(String)
}

/// A vault as a plain dictionary.
struct VaultModel {
    private struct Row {
        var revision: UInt64
        var secret: [UInt8]
        var expires: Date?
    }

    private var rows: [RecordID: Row] = [:]
    private var floor: UInt64 = 0
    /// What the floor was when the vault was opened last: a replacement takes no revision up to it (SPEC.md 6).
    private var floorAtOpening: UInt64 = 0

    var contents: [RecordID: UInt64] { rows.mapValues(\.revision) }

    mutating func apply(_ operation: VaultOperation, at now: Date) -> VaultOutcome {
        switch operation {
        case .put(let id, let secret, let lifetime, let expected):
            if let expected, rows[id]?.revision ?? 0 != expected { return .refused("conflict") }
            let revision = rows[id].map { max($0.revision, floorAtOpening) + 1 } ?? floor + 1
            let expires = lifetime.map { now.addingTimeInterval(Double($0.components.seconds)) }
            rows[id] = Row(revision: revision, secret: secret, expires: expires)
            return .revision(revision)
        case .read(let id):
            guard let row = rows[id] else { return .refused("notFound") }
            if let expires = row.expires, expires <= now { return .refused("expired") }
            return .secret(row.secret)
        case .delete(let id):
            return .existed(remove { $0 == id } > 0)
        case .deleteAll(let tenant):
            remove { Self.belongs($0, to: tenant) }
            return .done
        case .list(let tenant):
            return .entries(rows.filter { Self.belongs($0.key, to: tenant) }.mapValues(\.revision))
        case .sweep:
            let expired = Set(rows.filter { $0.value.expires.map { $0 <= now } ?? false }.keys)
            return .count(remove(expired.contains))
        case .verify: return .count(rows.count)
        case .reopen, .crash:
            floorAtOpening = floor
            return .done
        case .advance, .rotate, .compact: return .done
        }
    }

    /// How many there were.
    @discardableResult
    private mutating func remove(_ isMeant: (RecordID) -> Bool) -> Int {
        let meant = rows.keys.filter(isMeant)
        for id in meant {
            floor = max(floor, rows[id]?.revision ?? 0)
            rows[id] = nil
        }
        return meant.count
    }

    private static func belongs(_ id: RecordID, to tenant: String) -> Bool {
        id.tenant.utf8.elementsEqual(tenant.utf8)
    }
}
