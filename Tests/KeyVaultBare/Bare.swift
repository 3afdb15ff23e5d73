import AsyncHTTPClient
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1

/// What the load test compares the server with: the same framework and the same HTTP client, and nothing of ours.
///
/// `KeyVaultBare stub` plays a provider; `KeyVaultBare proxy URL` passes chats on to one. Both print their URL.
@main
enum Bare {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count > 1, ["stub", "proxy"].contains(arguments[1]) else {
            print("usage: KeyVaultBare stub | proxy URL")
            exit(64)
        }
        let router = Router()
        var client: HTTPClient?
        if arguments[1] == "stub" {
            addStub(to: router)
        } else {
            let made = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
            addProxy(to: router, made, upstream: arguments[2])
            client = made
        }
        router.get("status") { _, _ in
            Response(status: .ok, headers: [.contentType: "application/json"], body: .init(byteBuffer: status))
        }
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in
                FileHandle.standardOutput.write(Data("http://127.0.0.1:\(channel.localAddress?.port ?? 0)\n".utf8))
            })
        try await application.runService()
        try await client?.shutdown()
    }

    /// As the server has it: what is compared is what the server does around its client.
    private static var configuration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout = .init(connect: .seconds(10), read: .seconds(120))
        configuration.httpVersion = .http1Only
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 1024
        return configuration
    }

    private static let completion = ByteBuffer(
        string: """
            {"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"gpt-4o","choices":[{"index":0,"message":\
            {"role":"assistant","content":"Hello."},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"total_tokens":5}}
            """)

    private static let status = ByteBuffer(string: #"{"formation_keys_available":true,"has_openai_key":true}"#)

    private static func addStub(to router: Router<BasicRequestContext>) {
        router.post("v1/chat/completions") { request, _ in
            _ = try await request.body.collect(upTo: 1 << 20)
            return Response(
                status: .ok, headers: [.contentType: "application/json"], body: .init(byteBuffer: completion))
        }
        // Says of every key that it is live.
        router.get("v1/models") { _, _ in
            Response(status: .ok, headers: [.contentType: "application/json"], body: .init(byteBuffer: status))
        }
    }

    private static func addProxy(to router: Router<BasicRequestContext>, _ client: HTTPClient, upstream: String) {
        // As long as the key that the server sends.
        let authorization = "Bearer sk-proj-" + String(repeating: "x", count: 128)
        router.post("v1/chat/completions") { request, _ in
            var call = HTTPClientRequest(url: upstream + "/v1/chat/completions")
            call.method = .POST
            call.headers.add(name: "Content-Type", value: "application/json")
            call.headers.add(name: "Authorization", value: authorization)
            call.body = .bytes(try await request.body.collect(upTo: 1 << 20))
            let answer = try await client.execute(call, deadline: .now() + .seconds(60))
            let body = try await answer.body.collect(upTo: 1 << 20)
            return Response(
                status: .init(code: Int(answer.status.code)), headers: [.contentType: "application/json"],
                body: .init(byteBuffer: body))
        }
    }
}
