import Testing

@testable import KeyVaultCrypto

@Suite struct WrappedKeyTests {
    private let inner = Samples.counting(32)
    private let context = Array("context".utf8)

    private func wrap(
        _ key: [UInt8]? = nil, master: [UInt8] = Samples.keyBytes, context: [UInt8]? = nil
    ) throws -> WrappedKey {
        let context = context ?? self.context
        return try Samples.master(master).wrap(
            DataKey(Samples.guarded(key ?? inner)), context: context.span)
    }

    private func unwrap(
        _ wrapped: WrappedKey, master: [UInt8] = Samples.keyBytes, context: [UInt8]? = nil
    ) throws -> [UInt8] {
        let context = context ?? self.context
        return try Samples.master(master).unwrap(
            salt: wrapped.salt.span, commitment: wrapped.commitment.span, sealed: wrapped.sealed.span,
            context: context.span
        ).bytes.exposed()
    }

    private func fields(_ wrapped: WrappedKey) -> [[UInt8]] { [wrapped.salt, wrapped.commitment, wrapped.sealed] }

    @Test func unwrapsWhatItWrapped() throws {
        let wrapped = try wrap()
        #expect(fields(wrapped).map(\.count) == [32, 32, 48])
        #expect(try unwrap(wrapped) == inner)
    }

    @Test func isDeterministic() throws { #expect(try fields(wrap()) == fields(wrap())) }

    @Test func everyPartDependsOnKeyMasterAndContext() throws {
        let all = try [
            wrap(), wrap(Samples.counting(33).suffix(32)), wrap(master: Samples.otherKeyBytes),
            wrap(context: [1]), wrap(context: []),
        ].map(fields)
        for part in 0..<3 { #expect(Set(all.map { $0[part] }).count == all.count) }
    }

    @Test func refusesEveryChangedBitAnotherMasterAndAnotherContext() throws {
        let wrapped = try wrap()
        for part in 0..<3 {
            for bit in 0..<(fields(wrapped)[part].count * 8) {
                var changed = fields(wrapped)
                changed[part][bit / 8] ^= 1 << UInt8(bit % 8)
                let other = WrappedKey(salt: changed[0], commitment: changed[1], sealed: changed[2])
                #expect(throws: CryptoError.authenticationFailed) { try unwrap(other) }
            }
        }
        #expect(throws: CryptoError.authenticationFailed) { try unwrap(wrapped, master: Samples.otherKeyBytes) }
        #expect(throws: CryptoError.authenticationFailed) { try unwrap(wrapped, context: context + [0]) }
    }

    @Test(arguments: [0, 15, 16, 47, 49, 64]) func refusesAnotherLength(_ count: Int) throws {
        let wrapped = try wrap()
        let other = WrappedKey(
            salt: wrapped.salt, commitment: wrapped.commitment, sealed: [UInt8](repeating: 0, count: count))
        #expect(throws: CryptoError.authenticationFailed) { try unwrap(other) }
    }
}
