import KeyVault
import KeyVaultCrypto
import KeyVaultFormat
import KeyVaultStorage

import struct Foundation.Date

/// The envelope, with the right key. Of all bytes, only those that were sealed open; and whatever was sealed as a plaintext
/// either is one, down to the last byte, or gives a typed error.
///
/// An input is a byte that says which of the two, and the bytes.
struct EnvelopeTarget: FuzzTarget {
    let name = "envelope"

    var seeds: [[UInt8]] {
        get throws {
            let secret: [UInt8] = Array("sk-fuzz-0123456789".utf8)
            let kinds: [(UInt8, RecordKind)] = [(1, .current), (3, .retained)]
            return [[0] + (try Self.sealed().encoded)]
                + kinds.map { first, kind in
                    var plaintext = [UInt8](repeating: 0, count: PlaintextLayout.length(secret: secret.count))
                    var span = plaintext.mutableSpan
                    PlaintextLayout.encode(Self.metadata, kind: kind, secret: secret.span, into: &span)
                    return [first] + plaintext
                }
        }
    }

    func run(_ input: [UInt8]) throws {
        guard let first = input.first else { return }
        let rest = Array(input.dropFirst())
        if first & 1 == 0 {
            try open(rest)
        } else {
            try open(plaintext: rest, kind: first & 2 == 0 ? .current : .retained)
        }
    }

    private static let metadata = Metadata(
        created: Date(timeIntervalSince1970: 1_800_000_000), updated: Date(timeIntervalSince1970: 1_800_000_001),
        verdict: .valid, state: .disabled(.coolingDown, until: Date(timeIntervalSince1970: 1_800_000_002)), order: 7,
        retainedUntil: Date(timeIntervalSince1970: 1_800_000_003))

    /// The one record that was sealed as ``Samples/recordKey()``.
    static func sealed() throws -> SealedRecord {
        let secret: [UInt8] = Array("sk-fuzz-0123456789".utf8)
        return try Envelope(vaultID: Samples.vaultID).seal(
            Self.metadata, secret: secret.span, as: try Samples.recordKey(), kind: .current,
            under: try Samples.masterKey(), random: [UInt8](repeating: 9, count: 32))
    }

    private func open(_ bytes: [UInt8]) throws {
        guard let record = try? SealedRecord(bytes) else { return }
        let key = try Samples.recordKey()
        let master = try Samples.masterKey()
        do throws(OpenFailure) {
            _ = try Envelope(vaultID: Samples.vaultID).open(record, as: key, kind: .current, under: master)
        } catch {
            guard case .crypto(.authenticationFailed) = error else { throw Finding("another error: \(error)") }
            return
        }
        try Finding.require(try bytes == Self.sealed().encoded, "bytes that nobody sealed were opened")
    }

    private func open(plaintext rest: [UInt8], kind: RecordKind) throws {
        let length = PlaintextLayout.length(secret: max(1, min(rest.count, 1 << 12) - PlaintextLayout.headerLength))
        let bytes = Array(rest.prefix(length)) + [UInt8](repeating: 0, count: max(0, length - rest.count))
        let record = try seal(bytes, kind: kind)
        let key = try Samples.recordKey()
        let master = try Samples.masterKey()
        var again = [UInt8](repeating: 0, count: length)
        do throws(OpenFailure) {
            let opened = try Envelope(vaultID: Samples.vaultID).open(record, as: key, kind: kind, under: master)
            opened.withSecret { secret in
                var span = again.mutableSpan
                PlaintextLayout.encode(opened.metadata, kind: kind, secret: secret, into: &span)
            }
        } catch {
            guard case .format = error else { throw Finding("what was sealed does not open: \(error)") }
            return
        }
        try Finding.require(again == bytes, "the plaintext is not what was sealed")
    }

    /// Seals bytes that need not be a plaintext of ours: what somebody with the key could do.
    private func seal(_ plaintext: [UInt8], kind: RecordKind) throws -> SealedRecord {
        let (key, vault, suite) = (try Samples.recordKey(), Samples.vaultID, Suite.aes256GCMBLAKE2b)
        let master = try Samples.masterKey()
        let context = Context.record(key.id, revision: key.revision, kind: kind, vault: vault, suite: suite)
        let wrapContext = Context.wrap(key.id, revision: key.revision, vault: vault, suite: suite)
        let dataKey = try master.deriveDataKey(
            random: [UInt8](repeating: 5, count: 32).span, context: context.span, plaintext: plaintext.span)
        let wrapped = try master.wrap(dataKey, context: wrapContext.span)
        let ciphertext = try dataKey.seal(plaintext.span, associatedData: context.span)
        return SealedRecord(
            suite: suite, keyID: master.id, salt: wrapped.salt, commitment: wrapped.commitment,
            wrappedKey: wrapped.sealed, ciphertext: ciphertext.span)
    }
}
