import KeyVaultCrypto
import KeyVaultFormat
import Testing

@testable import KeyVault

/// What a passphrase slot is made of.
struct SlotRequest {
    var passphrase = Array("correct horse battery staple".utf8)
    var masterKey = VectorKeys.masterKey
    var vaultID = VectorKeys.vaultID
    var operations: UInt32 = 2
    var memory: UInt64 = 64 << 20
    var seed: UInt64 = 61

    init(_ change: (inout SlotRequest) -> Void = { _ in }) { change(&self) }
}

/// A passphrase slot and every step on the way to it (SPEC.md section 5.3).
struct SlotSteps {
    let request: SlotRequest
    let parameters: PassphraseSlot.Parameters
    let passphraseKey: [UInt8]
    let context: [UInt8]
    let wrap: Steps.Wrap

    init(_ request: SlotRequest) throws {
        self.request = request
        parameters = try PassphraseSlot.Parameters(
            keyID: MasterKeyID(VectorKeys.id(request.masterKey)), operations: request.operations,
            memory: request.memory, salt: VectorKeys.bytes(16, seed: request.seed))
        passphraseKey = try Self.argon2id(request.passphrase, parameters)
        context = Context.slot(parameters, vault: try VaultID(request.vaultID), suite: .aes256GCMBLAKE2b)
        wrap = try Steps.Wrap(request.masterKey, under: passphraseKey, context: context)
    }

    var slot: PassphraseSlot {
        PassphraseSlot(
            parameters: parameters, salt: wrap.salt, commitment: wrap.commitment, wrappedKey: wrap.wrapped)
    }

    var fields: [(String, JSON)] {
        let inputs: [(String, JSON)] = [
            ("passphrase", .bytes(request.passphrase)), ("passes", .number(UInt64(request.operations))),
            ("memory", .number(request.memory)), ("argon2_salt", .bytes(parameters.salt)),
            ("parameters", .bytes(parameters.encoded)), ("pk", .bytes(passphraseKey)), ("context", .bytes(context)),
        ]
        return inputs + wrap.fields + [("slot", .bytes(slot.encoded))]
    }

    static func argon2id(_ passphrase: [UInt8], _ parameters: PassphraseSlot.Parameters) throws -> [UInt8] {
        let key = try MasterKey(
            passphrase: passphrase.span, salt: parameters.salt.span, operations: parameters.operations,
            memory: parameters.memory)
        return key.withExposedBytes { bytes in bytes.indices.map { bytes[$0] } }
    }

    /// Opens a slot step by step.
    static func open(_ slot: PassphraseSlot, passphrase: [UInt8], vaultID: [UInt8]) throws -> [UInt8] {
        let key = try Steps.unwrap(
            under: argon2id(passphrase, slot.parameters),
            context: Context.slot(slot.parameters, vault: VaultID(vaultID), suite: .aes256GCMBLAKE2b),
            salt: slot.salt, commitment: slot.commitment, wrapped: slot.wrappedKey)
        guard try VectorKeys.id(key) == slot.parameters.keyID.bytes else { throw CryptoError.authenticationFailed }
        return key
    }
}

/// Slots that must not open: the right layout, and not this passphrase, vault or key.
struct RefusedSlots {
    let slot: SlotSteps

    func cases() async throws -> [VectorCase] {
        let good = slot.slot
        let passphrase = slot.request.passphrase
        #expect(try SlotSteps.open(good, passphrase: passphrase, vaultID: VectorKeys.vaultID) == VectorKeys.masterKey)
        #expect(try await Self.unwrap(good, passphrase, VectorKeys.vaultID) == [good.parameters.keyID])
        var cases: [VectorCase] = []
        func add(
            _ name: String, _ slot: PassphraseSlot, passphrase: [UInt8], vaultID: [UInt8] = VectorKeys.vaultID
        ) async throws {
            #expect(try await Self.unwrap(slot, passphrase, vaultID) == nil, "\(name)")
            #expect(throws: CryptoError.authenticationFailed, "\(name)") {
                try SlotSteps.open(slot, passphrase: passphrase, vaultID: vaultID)
            }
            cases.append(
                VectorCase(
                    name,
                    [
                        ("section", .text("5.3")), ("passphrase", .bytes(passphrase)), ("vault_id", .bytes(vaultID)),
                        ("slot", .bytes(slot.encoded)),
                    ]))
        }
        try await add("another passphrase", good, passphrase: passphrase.dropLast())
        try await add("the passphrase and a line break", good, passphrase: passphrase + [0x0A])
        try await add("another vault", good, passphrase: passphrase, vaultID: VectorKeys.otherVaultID)
        let stronger = try SlotSteps(SlotRequest { $0.operations = 3 }).parameters
        try await add(
            "parameters of another slot",
            PassphraseSlot(
                parameters: stronger, salt: good.salt, commitment: good.commitment, wrappedKey: good.wrappedKey),
            passphrase: passphrase)
        for (name, offset) in [("the salt", 64), ("the commitment", 96), ("the wrapped key", 128), ("its tag", 175)] {
            var bytes = good.encoded
            bytes[offset] ^= 1
            var reader = ByteReader(bytes, section: "5.3")
            try await add("one bit of \(name) changed", try PassphraseSlot(&reader), passphrase: passphrase)
        }
        // Sealed by somebody who holds the passphrase: another key than the one it names.
        let wrap = try Steps.Wrap(VectorKeys.newMasterKey, under: slot.passphraseKey, context: slot.context)
        try await add(
            "a key whose id is not the slot's",
            PassphraseSlot(
                parameters: slot.parameters, salt: wrap.salt, commitment: wrap.commitment, wrappedKey: wrap.wrapped),
            passphrase: passphrase)
        return cases
    }

    /// What the engine finds in the slot.
    private static func unwrap(
        _ slot: PassphraseSlot, _ passphrase: [UInt8], _ vaultID: [UInt8]
    ) async throws -> [MasterKeyID]? {
        // The bytes of a span of bytes have no padding.
        let secret = try Secret(copying: passphrase.span)
        return try await slot.unwrap(secret, vault: VaultID(vaultID))?.ids
    }
}
