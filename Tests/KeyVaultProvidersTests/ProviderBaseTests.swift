import Testing

@testable import KeyVaultProviders

@Suite struct ProviderBaseTests {
    @Test(arguments: [
        ("https://api.example.com", "https://api.example.com", "api.example.com"),
        ("https://api.example.com/", "https://api.example.com", "api.example.com"),
        ("HTTPS://API.Example.com/v2/", "HTTPS://API.Example.com/v2", "api.example.com"),
        ("https://api.example.com:65535", "https://api.example.com:65535", "api.example.com"),
        ("http://LOCALHOST:1", "http://LOCALHOST:1", "localhost"), ("http://[::1]:80", "http://[::1]:80", "::1"),
        ("https://my_gate.example.com/v1/a%20b/~c", "https://my_gate.example.com/v1/a%20b/~c", "my_gate.example.com"),
    ]) func isABaseThatKeysMayBeSentTo(_ text: String, _ url: String, _ host: String) throws {
        let base = try ProviderBase(text)
        #expect(base.url == url && base.host == host)
    }

    @Test(arguments: [
        "", "https://", "api.example.com", "https://user@api.example.com", "https://user:secret@api.example.com",
        "https://:secret@api.example.com", "https://api.example.com?", "https://api.example.com?a=b",
        "https://api.example.com#a", "https://api.example.com:0", "https://api.example.com:65536",
        // Several in one, as a list would be written.
        "https://a.example.com,google=https://b.example.com", "https://a.example.com/v1,google=https://b.example.com",
        "https://a.example.com google=https://b.example.com", "https://a.example.com;b", "https://a%2Cb.example.com",
        "https://ä.example.com",
    ]) func whatHasMoreOrLessThanAHostAndAPathIsNone(_ text: String) {
        #expect(throws: ProviderBase.Refusal.form) { try ProviderBase(text) }
    }

    @Test(arguments: ["http://api.example.com", "ftp://127.0.0.1", "http://127.0.0.1.example.com"])
    func whatCarriesKeysInTheClearIsNone(_ text: String) {
        #expect(throws: ProviderBase.Refusal.insecure) { try ProviderBase(text) }
    }
}
