import Foundation
import KeyVault
import KeyVaultCrypto
import KeyVaultFormat
import KeyVaultStorage

/// A row as `interop.py` and the frozen files write it: the members of SPEC.md section 11.
struct InteropRow: Codable {
    var masterKey: HexBytes?
    var vaultID: HexBytes?
    var tenant: String
    var provider: String
    var label: String
    var revision: UInt64?
    var kind: Kind?
    var metadata: InteropMetadata?
    var secret: HexBytes?
    /// The sealed bytes.
    var record: HexBytes?
    /// When this row is put: until when the one that it replaces is retained.
    var retainUntil: UInt64?

    enum Kind: String, Codable { case current, retained }

    private enum CodingKeys: String, CodingKey {
        case masterKey = "master_key"
        case vaultID = "vault_id"
        case tenant, provider, label, revision, kind, secret, record
        case retainUntil = "retain_until"
    }

    init(_ id: RecordID) { (tenant, provider, label) = (id.tenant, id.provider, id.label) }

    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        masterKey = try members.decodeIfPresent(HexBytes.self, forKey: .masterKey)
        vaultID = try members.decodeIfPresent(HexBytes.self, forKey: .vaultID)
        tenant = try members.decode(String.self, forKey: .tenant)
        provider = try members.decode(String.self, forKey: .provider)
        label = try members.decode(String.self, forKey: .label)
        revision = try members.decodeIfPresent(UInt64.self, forKey: .revision)
        kind = try members.decodeIfPresent(Kind.self, forKey: .kind)
        secret = try members.decodeIfPresent(HexBytes.self, forKey: .secret)
        record = try members.decodeIfPresent(HexBytes.self, forKey: .record)
        retainUntil = try members.decodeIfPresent(UInt64.self, forKey: .retainUntil)
        metadata = secret == nil ? nil : try InteropMetadata(from: decoder)
    }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encodeIfPresent(masterKey, forKey: .masterKey)
        try members.encodeIfPresent(vaultID, forKey: .vaultID)
        try members.encode(tenant, forKey: .tenant)
        try members.encode(provider, forKey: .provider)
        try members.encode(label, forKey: .label)
        try members.encodeIfPresent(revision, forKey: .revision)
        try members.encodeIfPresent(kind, forKey: .kind)
        try metadata?.encode(to: encoder)
        try members.encodeIfPresent(secret, forKey: .secret)
        try members.encodeIfPresent(record, forKey: .record)
        try members.encodeIfPresent(retainUntil, forKey: .retainUntil)
    }
}

extension InteropRow {
    var id: RecordID { get throws { try RecordID(tenant: tenant, provider: provider, label: label) } }
    var key: RecordKey { get throws { try RecordKey(id: id, revision: revision ?? 0) } }
    var recordKind: RecordKind { kind == .retained ? .retained : .current }

    /// Seals the row's metadata and secret as the engine does.
    func sealed() throws -> [UInt8] {
        guard let metadata, let secret else { return [] }
        let envelope = Envelope(vaultID: try VaultID(vaultID?.bytes ?? []))
        return try envelope.seal(
            metadata.metadata(recordKind), secret: secret.bytes.span, as: key, kind: recordKind,
            under: key(masterKey?.bytes ?? []), random: Random.bytes(32)
        ).encoded
    }

    /// Opens `record` as the engine does.
    func opened() throws -> Contents {
        let envelope = Envelope(vaultID: try VaultID(vaultID?.bytes ?? []))
        let opened = try envelope.open(
            SealedRecord(record?.bytes ?? []), as: key, kind: recordKind,
            under: key(masterKey?.bytes ?? []))
        return Contents(
            metadata: InteropMetadata(opened.metadata, recordKind),
            secret: HexBytes(bytes: opened.withSecret { secret in secret.indices.map { secret[$0] } }))
    }

    private func key(_ bytes: [UInt8]) throws -> MasterKey { try MasterKey(copying: bytes.span) }

    /// What the sealed bytes of a row hold.
    struct Contents: Codable, Hashable {
        let metadata: InteropMetadata
        let secret: HexBytes

        private enum CodingKeys: CodingKey { case secret }

        init(metadata: InteropMetadata, secret: HexBytes) { (self.metadata, self.secret) = (metadata, secret) }

        init(from decoder: any Decoder) throws {
            metadata = try InteropMetadata(from: decoder)
            secret = try decoder.container(keyedBy: CodingKeys.self).decode(HexBytes.self, forKey: .secret)
        }
    }

    var contents: Contents? {
        guard let metadata, let secret else { return nil }
        return Contents(metadata: metadata, secret: secret)
    }
}

/// The metadata of a row, with the numbers of SPEC.md section 4.3.
struct InteropMetadata: Codable, Hashable {
    var state: UInt8 = 0
    var reason: UInt8 = 0
    var verdict: UInt8 = 0
    var order: UInt16 = 0
    var hint = HexBytes(bytes: [])
    var created: UInt64
    var updated: UInt64
    var validated: UInt64 = 0
    var expires: UInt64 = 0
    var until: UInt64 = 0

    init(created: UInt64, updated: UInt64) { (self.created, self.updated) = (created, updated) }

    init(_ metadata: Metadata, _ kind: RecordKind) {
        verdict = metadata.verdict.rawValue
        order = metadata.order
        hint = HexBytes(bytes: metadata.hint?.bytes ?? [])
        created = Timestamp(metadata.created).milliseconds
        updated = Timestamp(metadata.updated).milliseconds
        validated = Timestamp(metadata.lastValidated).milliseconds
        expires = Timestamp(metadata.expires).milliseconds
        if case .disabled(let why, let end) = metadata.state {
            (state, reason, until) = (1, why.rawValue, Timestamp(end).milliseconds)
        }
        if kind == .retained { until = Timestamp(metadata.retainedUntil).milliseconds }
    }

    func metadata(_ kind: RecordKind) throws -> Metadata {
        let end = try Timestamp(milliseconds: until).date
        return try Metadata(
            created: Timestamp(milliseconds: created).date ?? .distantPast,
            updated: Timestamp(milliseconds: updated).date ?? .distantPast,
            lastValidated: Timestamp(milliseconds: validated).date,
            verdict: Verdict(rawValue: verdict) ?? .unverified,
            state: DisabledReason(rawValue: reason).map { .disabled($0, until: kind == .current ? end : nil) }
                ?? .enabled,
            order: order, expires: Timestamp(milliseconds: expires).date,
            retainedUntil: kind == .retained ? end : nil, hint: Hint(hint.bytes.span))
    }
}

/// Bytes that JSON holds as a hexadecimal string.
struct HexBytes: Codable, Hashable {
    let bytes: [UInt8]

    init(bytes: [UInt8]) { self.bytes = bytes }

    init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let bytes = [UInt8](hexadecimal: text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "not hexadecimal"))
        }
        self.bytes = bytes
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(bytes.hexadecimal)
    }
}
