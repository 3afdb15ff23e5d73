import KeyVaultFormat
import Testing

@Suite struct ContextTests {
    private let suite = KeyVaultFormat.Suite.aes256GCMBLAKE2b

    @Test func hasTheLayoutOfTheSpecification() throws {
        let id = try RecordID("t/p/l")
        let context = Context.record(id, revision: 0x0102, kind: .current, vault: Samples.vaultID, suite: suite)
        #expect(
            context.hexadecimal == "4b56435801010100101112131415161718191a1b1c1d1e1f0000000000000102" + "01740170016c")
    }

    @Test func differsInEverythingItBinds() throws {
        let ids = try ["t/p/l", "u/p/l", "t/q/l", "t/p/m", "t/p", "tp/l/x", "t/pl/x"].map { try RecordID($0) }
        var contexts: [[UInt8]] = []
        for id in ids {
            for revision in [1, 2, 256, UInt64.max] {
                for vault in [Samples.vaultID, Samples.vault(0x20)] {
                    for kind in [RecordKind.current, .retained] {
                        contexts.append(Context.record(id, revision: revision, kind: kind, vault: vault, suite: suite))
                    }
                    contexts.append(Context.wrap(id, revision: revision, vault: vault, suite: suite))
                }
            }
        }
        contexts.append(Context.slot(try Samples.slot().parameters, vault: Samples.vaultID, suite: suite))
        #expect(Set(contexts).count == ids.count * 4 * 2 * 3 + 1)
        // None is the beginning of another, so what follows a context cannot be taken for a part of it.
        let sorted = contexts.sorted { $0.lexicographicallyPrecedes($1) }
        for (one, next) in zip(sorted, sorted.dropFirst()) { #expect(!next.starts(with: one)) }
    }

    @Test func aSlotIsBoundByItsParameters() throws {
        let parameters = try Samples.slot().parameters
        let context = Context.slot(parameters, vault: Samples.vaultID, suite: suite)
        #expect(context.count == 96)
        #expect(context[6] == 4)
        #expect(Array(context.suffix(64)) == parameters.encoded)
    }
}
