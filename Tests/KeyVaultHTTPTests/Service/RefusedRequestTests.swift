import HTTPTypes
import Hummingbird
import HummingbirdTesting
import KeyVault
import NIOCore
import Testing

@testable import KeyVaultHTTP

/// What HTTP allows, and nobody here reads.
@Suite struct RefusedRequestTests {
    @Test(arguments: ["PUT", "PROPFIND", "M-SEARCH", "SOURCE"])
    func aMethodThatIsNotKnownHereIsNotAllowed(name: String) async throws {
        let method = try #require(HTTPRequest.Method(name))
        try await ServiceFixture().test { client in
            let answer = try await client.execute(uri: "/v1/account/llm-keys", method: method) { $0 }
            #expect(answer.status == .methodNotAllowed)
            #expect(answer.headers[.allow] == "DELETE, GET, HEAD, POST")
        }
    }

    @Test(arguments: [
        ("gzip", true), ("identity, br", true), ("Identity", false), ("", false), (" identity ,identity", false),
    ])
    func aCompressedBodyIsNotRead(coding: String, isRefused: Bool) async throws {
        try await ServiceFixture().test { client in
            for path in ["/v1/account/llm-keys", "/v1/chat/completions"] {
                let answer = try await client.execute(
                    uri: path, method: .post, headers: [.contentEncoding: coding], body: ByteBuffer(string: "{}")
                ) { $0 }
                #expect((answer.status == .unsupportedMediaType) == isRefused, "\(answer.status)")
                #expect(String(buffer: answer.body).contains("Content-Encoding") == isRefused)
            }
        }
    }

    /// The decoder takes the chunks away, and nobody the rest (RFC 9112, section 6.1).
    @Test(arguments: [("gzip, chunked", true), ("chunked", false), ("Chunked", false)])
    func aTransferCodingThatIsNotKnownIsNotImplemented(coding: String, isRefused: Bool) async throws {
        try await ServiceFixture().test { client in
            let answer = try await client.execute(
                uri: "/v1/account/llm-keys", method: .post, headers: [.transferEncoding: coding],
                body: ByteBuffer(string: "{}")
            ) { $0 }
            #expect(answer.status == (isRefused ? .notImplemented : .ok))
        }
    }
}
