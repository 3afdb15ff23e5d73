import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import KeyVaultHTTP

@Suite struct ContinueHandlerTests {
    private let channel = EmbeddedChannel(handler: ContinueHandler { _ in 10 })

    private func send(expecting value: String?, length: String? = nil) throws {
        var head = HTTPRequest(method: .post, scheme: "http", authority: "x", path: "/")
        head.headerFields[.expect] = value
        head.headerFields[.contentLength] = length
        try channel.writeInbound(HTTPRequestPart.head(head))
    }

    @Test(arguments: [("100-continue", true), ("100-Continue", true), (nil, false), ("something", false)])
    func aClientThatWaitsIsToldToGoOn(value: String?, isTold: Bool) throws {
        try send(expecting: value)
        let answer = try channel.readOutbound(as: HTTPResponsePart.self)
        #expect(answer == (isTold ? .head(HTTPResponse(status: .continue)) : nil))
        #expect(try channel.readInbound(as: HTTPRequestPart.self) != nil)
    }

    @Test(arguments: [("10", true), ("11", false)])
    func aBodyThatIsTooLargeIsNotAskedFor(length: String, isTold: Bool) throws {
        try send(expecting: "100-continue", length: length)
        #expect((try channel.readOutbound(as: HTTPResponsePart.self) != nil) == isTold)
        #expect(try channel.readInbound(as: HTTPRequestPart.self) != nil)
    }

    @Test func nothingIsSaidAmidAnotherAnswer() throws {
        try send(expecting: nil)
        try send(expecting: "100-continue")
        #expect(try channel.readOutbound(as: HTTPResponsePart.self) == nil)
        for _ in 0..<2 { try channel.writeOutbound(HTTPResponsePart.end(nil)) }
        try send(expecting: "100-continue")
        for _ in 0..<2 { #expect(try channel.readOutbound(as: HTTPResponsePart.self) == .end(nil)) }
        #expect(try channel.readOutbound(as: HTTPResponsePart.self) == .head(HTTPResponse(status: .continue)))
    }
}
