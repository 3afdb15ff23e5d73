import HTTPTypes
import KeyVault
import Testing

@testable import KeyVaultHTTP

@Suite struct InlineKeysTests {
    private func providers(_ fields: (name: String, value: String)...) throws -> [String] {
        var headers = HTTPFields()
        for field in fields {
            headers.append(HTTPField(name: try #require(HTTPField.Name(field.name)), value: field.value))
        }
        return try InlineKeys.read(headers, .builtIn).keys.sorted()
    }

    @Test func eachHeaderIsOneProviders() throws {
        #expect(
            try providers(
                ("X-OpenAI-Key", "sk-a"), ("x-anthropic-key", "sk-ant-b"), ("X-Google-Key", "AIzac"),
                ("X-OpenRouter-Key", " sk-or-d\t"), ("X-Groq-Key", "gsk_e"))
                == ["anthropic", "google", "openai", "openrouter"])
    }

    @Test(arguments: ["", " ", "\t "]) func anEmptyHeaderIsNone(value: String) throws {
        #expect(try providers(("X-OpenAI-Key", value), ("X-Google-Key", "AIzac")) == ["google"])
    }

    @Test(arguments: ["sk-a b", "sk-\u{E9}"]) func whatIsNotOneWordIsRefused(value: String) {
        #expect(throws: APIError.self) { try providers(("X-OpenAI-Key", value)) }
        #expect(throws: APIError.self) { try providers(("X-OpenAI-Key", "sk-a"), ("X-OpenAI-Key", "sk-b")) }
    }

    @Test(arguments: ["sk-ant-a", "AIza" + "b", "gsk_c", "sk-admin-d", "kvt_e", "0123456789abcdef0123456789abcdef"])
    func whatWouldGoToAnotherIsRefused(value: String) {
        #expect(throws: APIError.self) { try providers(("X-OpenAI-Key", value)) }
    }
}
