import Foundation

@testable import KeyVault

/// What the envelope's tests seal, and as what.
struct EnvelopeSamples {
    let master: MasterKeyRing.Holder
    let other: MasterKeyRing.Holder
    let envelope: Envelope
    let metadata: Metadata
    let secret = Array("sk-0123456789abcdefghijklmnop".utf8)

    init() throws {
        master = try HeaderSample.ring([VectorKeys.masterKey]).first
        other = try HeaderSample.ring([VectorKeys.newMasterKey]).first
        envelope = Envelope(vaultID: try VaultID(VectorKeys.vaultID))
        metadata = Metadata(
            created: Date(timeIntervalSince1970: 1_700_000_000), updated: Date(timeIntervalSince1970: 1_700_000_001))
    }

    static func key(_ reference: String = "acme/openai", revision: UInt64 = 5) throws -> RecordKey {
        RecordKey(id: try RecordID(reference), revision: revision)
    }

    func seal(
        as key: RecordKey, kind: RecordKind = .current, secret: [UInt8]? = nil, random: [UInt8]? = nil
    ) throws -> SealedRecord {
        let secret = secret ?? self.secret
        return try envelope.seal(
            metadata, secret: secret.span, as: key, kind: kind, under: master.key,
            random: random ?? VectorKeys.bytes(32, seed: 300))
    }

    func open(_ record: SealedRecord, as key: RecordKey, kind: RecordKind = .current) throws(OpenFailure) -> [UInt8] {
        let opened = try envelope.open(record, as: key, kind: kind, under: master.key)
        return opened.withSecret { secret in secret.indices.map { secret[$0] } }
    }

    /// Whether `bytes` are refused with a typed error. Nothing but the secret itself counts as opened.
    func refuses(_ bytes: [UInt8], as key: RecordKey, kind: RecordKind = .current) -> Bool {
        do {
            _ = try open(SealedRecord(bytes), as: key, kind: kind)
            return false
        } catch is FormatError {
            return true
        } catch OpenFailure.crypto(.authenticationFailed) {
            return true
        } catch {
            return false
        }
    }
}
