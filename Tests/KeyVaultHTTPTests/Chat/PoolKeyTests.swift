import HTTPTypes
import Hummingbird
import HummingbirdTesting
import KeyVault
import Logging
import NIOCore
import Synchronization
import Testing

@testable import KeyVaultHTTP

@Suite struct PoolKeyTests {
    /// The account has no key that could be wrong.
    @Test func oneThatNoHeaderCanCarryIsTheOperatorsToMend() async throws {
        let fixture = try await ServiceFixture(pool: KeyResolver.Pool(Secret("correct horse")))
        let lines = LogLines()
        try await fixture.test(logger: lines.logger) { client in
            let answer = try await client.execute(
                uri: "/v1/chat/completions", method: .post,
                body: ByteBuffer(string: #"{"model":"gpt-4o","messages":[]}"#)
            ) { $0 }
            #expect(answer.status == .badGateway)
            let text = String(buffer: answer.body)
            #expect(text.contains(#""error":"upstream_error","message":"The shared pool cannot serve this request""#))
            #expect(!text.contains("hint") && !text.contains("horse"))
            #expect(answer.headers[.keySource] == "formation")
        }
        let logged = lines.value.filter { $0.contains("the pool's key") }
        #expect(logged.count == 1)
        #expect(logged.allSatisfy { $0.hasPrefix("error ") && $0.contains("req_") && !$0.contains("horse") })
    }
}

/// Keeps what is logged.
private final class LogLines: Sendable {
    private struct Handler: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            lines.lines.withLock { $0.append("\(event.level) \(event.message) \(event.metadata ?? [:])") }
        }
    }

    private let lines = Mutex<[String]>([])

    var value: [String] { lines.withLock { $0 } }
    var logger: Logger { Logger(label: "test") { _ in Handler(lines: self) } }
}
