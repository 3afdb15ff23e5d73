import KeyVault
import Testing

@testable import KeyVaultProviders

@Suite struct PreparedCheckTests {
    @Test(arguments: [
        ("https://gateway.internal", "gateway.internal", true), ("https://gateway.internal", "Gateway.Internal", true),
        ("https://Gateway.Internal", "gateway.internal", true), ("https://[fd00::1]:8443", "[fd00::1]", true),
        ("https://[fd00::1]:8443", "fd00::1", true), ("https://gateway.internal", "internal", false),
        ("https://gateway.internal.example", "gateway.internal", false), ("https://127.1", "", false),
        ("https://127.0.0.1", "", true),
    ]) func aHostIsVouchedForByName(_ base: String, _ allowed: String, _ isVouchedFor: Bool) throws {
        let provider = try HTTPProviderValidatorTests.provider("openai", at: base)
        let bytes = Array(HTTPProviderValidatorTests.key.utf8)
        let check = try unsafe PreparedCheck(bytes.span.bytes, of: provider, allowedHosts: [allowed])
        #expect(check.isVouchedFor == isVouchedFor)
    }
}
