import HTTPTypes
import Hummingbird
import HummingbirdTesting
import InMemoryTracing
import Instrumentation
import KeyVault
import NIOCore
import Testing
import Tracing

@testable import KeyVaultHTTP

/// What tracing records of requests: what they were and how they ended, and never a key.
@Suite(.serialized) struct SpanTests {
    private static let tracer = {
        let tracer = InMemoryTracer()
        // Once for the whole process.
        InstrumentationSystem.bootstrap(tracer)
        return tracer
    }()

    private static let chat = ByteBuffer(string: #"{"model":"gpt-4o","messages":[]}"#)

    /// Plays OpenAI. What the key says decides what becomes of it, as in Tests/HTTP/stub.mjs.
    private static var provider: some ApplicationProtocol {
        let router = Router()
        router.post("v1/chat/completions") { request, _ in
            let key = request.headers[.authorization] ?? ""
            for (word, status) in [("bad", 401), ("limited", 429), ("broken", 500), ("echo", 400)]
            where key.contains(word) {
                return Response(status: .init(code: status), body: .init(byteBuffer: ByteBuffer(string: key)))
            }
            return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(string: "{}")))
        }
        return Application(router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)))
    }

    private static func withService(_ body: @Sendable (any TestClientProtocol) async throws -> Void) async throws {
        try await provider.test(.live) { provider in
            var upstreams = Upstreams()
            upstreams.set("http://127.0.0.1:\(provider.port ?? 0)", for: "openai")
            // The HTTP client fails at once.
            upstreams.set("none://127.0.0.1", for: "anthropic")
            try await ServiceFixture(upstreams: upstreams).test(body)
        }
    }

    @Test func aChatIsOneSpanInsideOfAnother() async throws {
        let tracer = Self.tracer
        try await Self.withService { client in
            tracer.clearFinishedSpans()
            let key = HTTPField(name: try #require(HTTPField.Name("X-OpenAI-Key")), value: "sk-proj-live")
            let headers = HTTPFields([key])
            let status = try await client.execute(
                uri: "/v1/chat/completions", method: .post, headers: headers, body: Self.chat
            ) { $0.status }
            #expect(status == .ok)
        }
        // There is one tracer for the process, and other tests may be serving chats meanwhile: one of these is ours.
        let spans = tracer.finishedSpans
        let chats = spans.filter { $0.operationName == "chat openai" }.compactMap { inner in
            spans.first { $0.spanID == inner.parentSpanID }.map { (inner: inner, outer: $0) }
        }
        #expect(!chats.isEmpty)
        #expect(chats.allSatisfy { $0.outer.operationName == "chat" })
        #expect(chats.allSatisfy { ($0.inner.kind, $0.outer.kind) == (.client, .server) })
        #expect(
            chats.contains { inner, outer in
                inner.attributes["keyvault.key_origin"]?.toSpanAttribute() == "inline"
                    && outer.attributes["http.route"]?.toSpanAttribute() == "/v1/chat/completions"
                    && outer.attributes["http.response.status_code"]?.toSpanAttribute() == 200
            })
    }

    /// 1,000 keys, stored and inline, through success and every way in which a chat can fail.
    @Test func noneHoldsAKey() async throws {
        let tracer = Self.tracer
        let secrets = (0..<1000).map { "Canary\($0 + 1_000_000)Xq7" }
        try await Self.withService { client in
            tracer.clearFinishedSpans()
            for (number, secret) in secrets.enumerated() {
                let word = ["live", "bad", "limited", "broken", "echo"][number / 4 % 5]
                let key = "sk-proj-\(word)\(secret)"
                switch number % 4 {
                case 0:
                    try await Self.post(client, "/v1/account/llm-keys", #"{"openai_key":"\#(key)"}"#)
                    try await Self.post(client, "/v1/chat/completions", String(buffer: Self.chat))
                case 1:
                    let inline = (header: "X-OpenAI-Key", key: key)
                    try await Self.post(client, "/v1/chat/completions", String(buffer: Self.chat), inline)
                case 2:
                    let chat = #"{"model":"claude-3","messages":[]}"#
                    try await Self.post(
                        client, "/v1/chat/completions", chat, (header: "X-Anthropic-Key", key: "sk-ant-\(secret)"))
                default: try await Self.post(client, "/v1/account/llm-keys/\(key)/test?label=\(key)", key)
                }
            }
        }
        var text = ""
        for span in tracer.finishedSpans {
            dump(span, to: &text)
            span.attributes.forEach { name, value in text += "\(name)=\(value)\n" }
        }
        #expect(tracer.finishedSpans.count >= 1750)
        #expect(tracer.finishedSpans.contains { !$0.errors.isEmpty })
        // No part that is longer than a masked hint's either: what stands before and behind the number is in every key.
        #expect(!text.contains("Canary") && !text.contains("Xq7"))
    }

    private static func post(
        _ client: any TestClientProtocol, _ uri: String, _ body: String, _ inline: (header: String, key: String)? = nil
    ) async throws {
        var headers: HTTPFields = [:]
        if let inline { headers[try #require(HTTPField.Name(inline.header))] = inline.key }
        try await client.execute(uri: uri, method: .post, headers: headers, body: ByteBuffer(string: body)) { _ in }
    }
}
