import HTTPTypes
import KeyVault
import Testing

@testable import KeyVaultHTTP

@Suite struct APIErrorTests {
    /// `/health` reads: whoever is sent there because of a full disk finds that all is well.
    @Test(arguments: [(StoreError.Code.full, false), (.readOnly, false), (.io, true), (.corrupt, true)])
    func whoeverCannotWriteIsSentToHealthWhereThatTells(_ code: StoreError.Code, isSent: Bool) throws {
        let failure = VaultError(.store, "The disk is full.", cause: StoreError(code, "The disk is full."))
        let error = APIError(failure, purpose: "store keys", providers: .builtIn)
        #expect(error.status == .serviceUnavailable && error.retryAfter == 5)
        #expect(error.message == "Vault connection unavailable - cannot store keys")
        let hint = try #require(error.hint)
        #expect(hint.contains("/health") == isSent)
        #expect(hint.contains("not written") != isSent)
    }
}
