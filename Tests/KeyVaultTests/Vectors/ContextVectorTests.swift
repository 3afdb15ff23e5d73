import KeyVaultFormat
import Testing

@Suite("Vectors: contexts") struct ContextVectorTests {
    @Test func match() throws {
        let suite = KeyVaultFormat.Suite.aes256GCMBLAKE2b
        let vault = try VaultID(VectorKeys.vaultID)
        var cases: [VectorCase] = []
        func add(_ name: String, revision: UInt64, purpose: UInt64, id: [UInt8], _ context: [UInt8]) {
            cases.append(
                VectorCase(
                    name,
                    [
                        ("vault_id", .bytes(vault.bytes)), ("revision", .number(revision)), ("suite", .number(1)),
                        ("purpose", .number(purpose)), ("id", .bytes(id)), ("context", .bytes(context)),
                    ]))
        }
        for (reference, revision) in [("acme/openai", UInt64(1)), ("caf\u{E9}/p/l", 1), ("a/b/c", UInt64(Int64.max))] {
            let id = try RecordID(reference)
            add(
                "record", revision: revision, purpose: 1, id: id.encoded,
                Context.record(id, revision: revision, kind: .current, vault: vault, suite: suite))
            add(
                "retained", revision: revision, purpose: 2, id: id.encoded,
                Context.record(id, revision: revision, kind: .retained, vault: vault, suite: suite))
            add(
                "wrap", revision: revision, purpose: 3, id: id.encoded,
                Context.wrap(id, revision: revision, vault: vault, suite: suite))
        }
        let parameters = try PassphraseSlot.Parameters(
            keyID: MasterKeyID(VectorKeys.id(VectorKeys.masterKey)), operations: 2, memory: 64 << 20,
            salt: VectorKeys.bytes(16, seed: 60))
        add(
            "slot", revision: 0, purpose: 4, id: parameters.encoded,
            Context.slot(parameters, vault: vault, suite: suite))
        try VectorFile(name: "contexts.json").check("SPEC.md section 3.2", [("contexts", cases)])
    }
}
