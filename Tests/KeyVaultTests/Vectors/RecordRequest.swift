import Foundation
import KeyVault
import KeyVaultCrypto
import KeyVaultFormat
import KeyVaultStorage

/// What a record is sealed as, or asked for.
struct RecordRequest {
    var masterKey = VectorKeys.masterKey
    var vaultID = VectorKeys.vaultID
    var tenant = "acme"
    var provider = "openai"
    var label = "default"
    var revision: UInt64 = 1
    var kind = RecordKind.current

    init(_ change: (inout RecordRequest) -> Void = { _ in }) { change(&self) }

    var key: RecordKey {
        get throws { try RecordKey(id: RecordID(tenant: tenant, provider: provider, label: label), revision: revision) }
    }

    var envelope: Envelope { get throws { try Envelope(vaultID: VaultID(vaultID)) } }

    var context: [UInt8] {
        get throws {
            try Context.record(
                key.id, revision: revision, kind: kind, vault: VaultID(vaultID), suite: .aes256GCMBLAKE2b)
        }
    }

    var wrapContext: [UInt8] {
        get throws {
            try Context.wrap(key.id, revision: revision, vault: VaultID(vaultID), suite: .aes256GCMBLAKE2b)
        }
    }

    /// Parses and opens `record` as what is asked for, and gives out its secret.
    func open(_ record: [UInt8]) throws -> [UInt8] {
        let opened = try envelope.open(
            SealedRecord(record), as: key, kind: kind, under: MasterKey(copying: masterKey.span))
        return opened.withSecret { secret in secret.indices.map { secret[$0] } }
    }

    var fields: [(String, JSON)] {
        [
            ("master_key", .bytes(masterKey)), ("vault_id", .bytes(vaultID)), ("tenant", .text(tenant)),
            ("provider", .text(provider)), ("label", .text(label)), ("revision", .number(revision)),
            ("kind", .text(kind == .current ? "current" : "retained")),
        ]
    }
}

/// A sealed record and every step on the way to it.
struct SealedSteps {
    let request: RecordRequest
    let random: [UInt8]
    let plaintext: [UInt8]
    let dataKey: [UInt8]
    let wrap: Steps.Wrap
    let ciphertext: [UInt8]

    /// Seals any bytes as a plaintext, those that section 4.3 refuses included.
    init(_ request: RecordRequest, random: [UInt8], plaintext: [UInt8]) throws {
        self.request = request
        self.random = random
        self.plaintext = plaintext
        dataKey = try Steps.hash(request.masterKey, .seed, random, request.context, plaintext, length: 32)
        wrap = try Steps.Wrap(dataKey, under: request.masterKey, context: request.wrapContext)
        ciphertext = try Steps.encrypt(dataKey, context: request.context, plaintext)
    }

    static func plaintext(_ metadata: Metadata, kind: RecordKind, secret: [UInt8]) -> [UInt8] {
        var plaintext = [UInt8](repeating: 0, count: PlaintextLayout.length(secret: secret.count))
        var span = plaintext.mutableSpan
        PlaintextLayout.encode(metadata, kind: kind, secret: secret.span, into: &span)
        return plaintext
    }

    var keyID: [UInt8] { get throws { try VectorKeys.id(request.masterKey) } }

    var record: [UInt8] { get throws { try Self.record(keyID, wrap, ciphertext) } }

    static func record(_ keyID: [UInt8], _ wrap: Steps.Wrap, _ ciphertext: [UInt8]) -> [UInt8] {
        var bytes = Array("KVSR".utf8) + [1, 1, 0, 0]
        bytes += keyID
        bytes += wrap.salt
        bytes += wrap.commitment
        bytes += wrap.wrapped
        bytes.append(bigEndian: UInt32(ciphertext.count))
        return bytes + ciphertext
    }

    /// The same data key under another master key.
    func rewrapped(to master: [UInt8]) throws -> (wrap: Steps.Wrap, record: [UInt8]) {
        let wrap = try Steps.Wrap(dataKey, under: master, context: request.wrapContext)
        return (wrap, Self.record(try VectorKeys.id(master), wrap, ciphertext))
    }
}
