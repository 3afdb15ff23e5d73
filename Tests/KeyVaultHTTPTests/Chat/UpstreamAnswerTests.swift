import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Testing

@testable import KeyVaultHTTP

@Suite struct UpstreamAnswerTests {
    /// A provider that goes on for ever, a part at a time.
    private func response(_ type: String) -> HTTPClientResponse {
        let parts = AsyncStream { ByteBuffer(string: ": still there\n\n") }
        return HTTPClientResponse(
            version: .http1_1, status: .ok, headers: ["Content-Type": type], body: .stream(parts))
    }

    @Test func aWholeAnswerEndsAtTheDeadline() async {
        await #expect(throws: HTTPClientError.deadlineExceeded) {
            _ = try await UpstreamAnswer(response("application/json"), until: .now)
        }
    }

    @Test(arguments: ["text/event-stream", "Text/Event-Stream; charset=utf-8", "TEXT/EVENT-STREAM"])
    func theTypeOfAStreamHasNoCase(type: String) async throws {
        let answer = try await UpstreamAnswer(response(type), until: .now)
        guard case .stream = answer.body else {
            Issue.record("It was read whole.")
            return
        }
    }

    @Test(arguments: [201, 204, 205, 206]) func onlyA200IsAChat(status: Int) async throws {
        let empty = HTTPClientResponse(
            version: .http1_1, status: .init(statusCode: status), headers: ["Content-Type": "text/event-stream"])
        let answer = try await UpstreamAnswer(empty, until: .now)
        guard case .whole = answer.body else {
            Issue.record("It is passed on as a stream.")
            return
        }
        #expect(!answer.isSuccess)
    }

    @Test(arguments: ["gzip", "identity, br", "Identity", ""], ["application/json", "text/event-stream"])
    func onlyWhatIsNotCompressedIsAChat(coding: String, type: String) async throws {
        let response = HTTPClientResponse(
            version: .http1_1, status: .ok, headers: ["Content-Encoding": coding, "Content-Type": type],
            body: .bytes(ByteBuffer(string: "{}")))
        let answer = try await UpstreamAnswer(response, until: .now + .seconds(600))
        #expect(answer.isSuccess == ["Identity", ""].contains(coding))
    }

    @Test(arguments: [(65_536, true), (65_537, false)])
    func aRefusalIsReadUpToALimit(count: Int, isRead: Bool) async throws {
        let response = HTTPClientResponse(
            version: .http1_1, status: .badRequest, body: .bytes(ByteBuffer(repeating: 0x61, count: count)))
        let answer = try await UpstreamAnswer(response, until: .now)
        guard case .whole(let body) = answer.body else { throw CancellationError() }
        #expect(body.readableBytes == (isRead ? count : 0))
    }

    @Test(arguments: [0, 600]) func aStreamEndsAtTheDeadline(seconds: Int) async throws {
        let answer = try await UpstreamAnswer(response("text/event-stream"), until: .now)
        guard case .stream(let parts) = answer.body else { throw CancellationError() }
        var count = 0
        do {
            for try await _ in parts.within(.now + .seconds(seconds)) {
                count += 1
                if count == 3 { break }
            }
        } catch { #expect(error as? HTTPClientError == .deadlineExceeded) }
        #expect(count == (seconds == 0 ? 0 : 3))
    }
}
