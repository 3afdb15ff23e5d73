import KeyVaultCrypto
import KeyVaultFormat
import KeyVaultStorage
import Testing

@testable import KeyVault

/// What the errors beneath mean to the vault's user.
@Suite struct VaultErrorTests {
    @Test(arguments: [
        (StoreError.Code.conflict, VaultError.Code.conflict), (.closed, .closed), (.cancelled, .cancelled),
        (.exists, .exists), (.notFound, .noVault), (.staleHeader, .store), (.busy, .store), (.full, .store),
        (.readOnly, .store), (.corrupt, .store), (.foreign, .store), (.newer, .store), (.io, .store),
        (.invalid, .store),
    ])
    func ofAStore(_ code: StoreError.Code, _ expected: VaultError.Code) async {
        let cause = StoreError(code, "What the store says.")
        let error = await #expect(throws: VaultError.self) {
            try await VaultError.wrap { () async throws(StoreError) in throw cause }
        }
        #expect(error?.code == expected)
        #expect(error?.message == "What the store says.")
        #expect(error?.cause as? StoreError == cause)
    }

    @Test func ofTheCryptographyAndOfNames() {
        let error = #expect(throws: VaultError.self) {
            try VaultError.wrap { () throws(CryptoError) in throw .usedAfterFork }
        }
        #expect(error?.code == .crypto)
        #expect(error?.message.contains("fork") == true)
        #expect(error?.cause as? CryptoError == .usedAfterFork)
        #expect(error?.place.contains("VaultErrorTests") == true)
        #expect(VaultError(FormatError(.invalidField, "No name.", section: "2")).code == .invalidArgument)
    }

    /// Or the optimizer may crash on functions that applications have: ``VaultError`` says why.
    @Test(
        arguments: [
            VaultError(.notFound, ""), StoreError(.conflict, ""), FormatError(.invalidName, "", section: "2"),
        ] as [any Error]) func endsInNoReference(_ error: any Error) throws
    {
        let last = try #require(Mirror(reflecting: error).children.reversed().first).value
        #expect(last is Int || last is RecordID? || last is StaticString)
    }
}
