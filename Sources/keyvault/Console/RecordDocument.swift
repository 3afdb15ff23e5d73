import Foundation
import KeyVault

/// What `show` and `list` print of a record.
struct RecordDocument: Encodable {
    private let entry: ListEntry
    private let now: Date

    init(_ entry: ListEntry, at now: Date = Date()) {
        self.entry = entry
        self.now = now
    }

    private enum Member: String, CodingKey {
        case tenant, provider, label, revision, damaged, unreadable, hint, created, updated, lastValidated, verdict,
            state
        case disabledReason, disabledUntil, expires, order
    }

    func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Member.self)
        try object.encode(entry.id.tenant, forKey: .tenant)
        try object.encode(entry.id.provider, forKey: .provider)
        try object.encode(entry.id.label, forKey: .label)
        try object.encode(entry.revision, forKey: .revision)
        guard let metadata = entry.metadata else {
            try object.encode(unreadable: entry.code, damaged: .damaged, otherwise: .unreadable)
            return
        }
        // Optional values are encoded as null: a member is always there.
        try object.encode(metadata.hint?.description, forKey: .hint)
        try object.encode(metadata.created.inUTC, forKey: .created)
        try object.encode(metadata.updated.inUTC, forKey: .updated)
        try object.encode(metadata.lastValidated?.inUTC, forKey: .lastValidated)
        try object.encode(metadata.verdict.name, forKey: .verdict)
        try object.encode(metadata.stateName(at: now), forKey: .state)
        try object.encode(metadata.expires?.inUTC, forKey: .expires)
        try object.encode(metadata.order, forKey: .order)
        var (reason, until) = (DisabledReason?.none, Date?.none)
        if case .disabled(let why, let end) = metadata.state { (reason, until) = (why, end) }
        try object.encode(reason?.name, forKey: .disabledReason)
        try object.encode(until?.inUTC, forKey: .disabledUntil)
    }
}

extension Date {
    /// ISO 8601: `2026-11-23T18:00:00Z`.
    var inUTC: String { formatted(.iso8601) }
}

extension Metadata {
    /// Whether the key is served, in one word.
    func stateName(at now: Date) -> String {
        switch obstacle(at: now) {
        case nil: "enabled"
        case .expired: "expired"
        case .disabled: "disabled"
        }
    }
}

extension DisabledReason {
    var name: String {
        switch self {
        case .requested: "requested"
        case .rejected: "rejected"
        case .coolingDown: "coolingDown"
        }
    }
}
