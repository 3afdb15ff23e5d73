import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization
import Testing

@testable import KeyVaultHTTP

@Suite struct ResponseBodySlicesTests {
    private struct Writer: ResponseBodyWriter {
        let parts: AsyncStream<ByteBuffer>.Continuation

        func write(_ buffer: ByteBuffer) async throws { parts.yield(buffer) }
        func finish(_ trailers: HTTPFields?) async throws { parts.finish() }
    }

    @Test(arguments: [0, 1, 65_536, 65_537, 200_000]) func aLongBodyIsWrittenInPieces(length: Int) async throws {
        let whole = ByteBuffer(bytes: (0..<length).map { UInt8(truncatingIfNeeded: $0 / 251) })
        let body = ResponseBody(inSlices: whole)
        #expect(body.contentLength == length)
        let (parts, continuation) = AsyncStream.makeStream(of: ByteBuffer.self)
        try await body.write(Writer(parts: continuation))
        var written = ByteBuffer()
        for await part in parts {
            #expect(part.readableBytes <= 65_536)
            written.writeImmutableBuffer(part)
        }
        #expect(written == whole)
    }
}
