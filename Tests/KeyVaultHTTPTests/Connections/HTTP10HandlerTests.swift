import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import KeyVaultHTTP

@Suite struct HTTP10HandlerTests {
    private let channel = EmbeddedChannel(handler: HTTP10Handler())

    /// - Returns: what the server is told of a request.
    private func ask(_ version: HTTPVersion, _ headers: HTTPHeaders = [:]) throws -> HTTPHeaders? {
        try channel.writeInbound(
            HTTPServerRequestPart.head(HTTPRequestHead(version: version, method: .GET, uri: "/", headers: headers)))
        try channel.writeInbound(HTTPServerRequestPart.end(nil))
        let head = try channel.readInbound(as: HTTPServerRequestPart.self)
        #expect(try channel.readInbound(as: HTTPServerRequestPart.self) == .end(nil))
        guard case .head(let head)? = head else { return nil }
        return head.headers
    }

    /// - Returns: the version of the answer as it is written.
    private func answer(_ status: HTTPResponseStatus = .ok) throws -> HTTPVersion? {
        try channel.writeOutbound(
            HTTPServerResponsePart.head(HTTPResponseHead(version: .http1_1, status: status)))
        let head = try channel.readOutbound(as: HTTPServerResponsePart.self)
        guard case .head(let head)? = head else { return nil }
        return head.version
    }

    private func end() throws {
        try channel.writeOutbound(HTTPServerResponsePart.end(nil))
        #expect(try channel.readOutbound(as: HTTPServerResponsePart.self) == .end(nil))
    }

    @Test(arguments: [HTTPVersion.http0_9, .http1_0]) func anOldClientIsAnsweredAsSuch(_ version: HTTPVersion) throws {
        let headers: HTTPHeaders = ["Connection": "keep-alive", "Expect": "100-continue", "Accept": "*/*"]
        #expect(try ask(version, headers) == ["connection": "close", "Accept": "*/*"])
        #expect(try answer() == .http1_0)
        try end()
    }

    @Test func othersAreLeftAlone() throws {
        let headers: HTTPHeaders = ["Connection": "keep-alive", "Expect": "100-continue"]
        #expect(try ask(.http1_1, headers) == headers)
        #expect(try answer(.continue) == .http1_1)
        #expect(try answer() == .http1_1)
        try end()
    }

    @Test func eachAnswerIsOfItsRequestsVersion() throws {
        _ = try ask(.http1_1)
        _ = try ask(.http1_0)
        #expect(try answer() == .http1_1)
        try end()
        #expect(try answer() == .http1_0)
        try end()
        // An answer to nothing, as to what could not be read.
        #expect(try answer(.badRequest) == .http1_1)
    }
}
