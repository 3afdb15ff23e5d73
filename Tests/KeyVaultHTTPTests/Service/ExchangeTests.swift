import HTTPTypes
import Hummingbird
import KeyVault
import Logging
import NIOCore
import Testing

@testable import KeyVaultHTTP

@Suite struct ExchangeTests {
    /// As the shutdown does when its patience has ended.
    @Test func aBodyThatIsCutOffByTheShutdownIsNoFailure() async throws {
        let (body, source) = RequestBody.makeStream()
        let exchange = Exchange(
            request: Request(
                head: HTTPRequest(method: .post, scheme: "http", authority: "x", path: "/"), body: body),
            id: "req_1", operation: .storeKeys, parameters: Parameters(), logger: Logger(label: "test"), channel: nil)
        let task = Task { try await exchange.body(upTo: 100) }
        await source.yield(ByteBuffer(string: "{"))
        task.cancel()
        let error = try #require(await #expect(throws: APIError.self) { try await task.value })
        #expect(error.status == .serviceUnavailable && error.message == "The server is shutting down")
        source.finish()
    }
}
