import KeyVault
import NIOCore
import Testing

@testable import KeyVaultHTTP

@Suite struct ChatRequestTests {
    private func rewritten(_ body: String, for upstream: String) throws -> String {
        String(buffer: try ChatRequest(ByteBuffer(string: body), .builtIn).body(for: upstream))
    }

    @Test func changesTheModelsNameAndNothingElse() throws {
        let body =
            #"{ "messages":[ {"model":"x"} ], "model" : "stratus-x1ac-small-gpt-4o","big":12345678901234567890.10}"#
        #expect(
            try rewritten(body, for: "openai")
                == #"{ "messages":[ {"model":"x"} ], "model" : "gpt-4o","big":12345678901234567890.10}"#)
        #expect(try rewritten(body, for: "openrouter").contains(#""model" : "openai/gpt-4o","#))
    }

    @Test(arguments: [
        "{}", #"{"model":1,"messages":[]}"#, #"{"model":"gpt-4o"}"#, #"{"model":"gpt-4o","messages":{}}"#, "[]",
        #"{"model":"nobody","messages":[]}"#, #"{"model":"gpt-4o","model":"gpt-4","messages":[]}"#,
    ])
    func refuses(body: String) {
        #expect(throws: APIError.self) { try rewritten(body, for: "openai") }
    }
}
