import AsyncAlgorithms
import AsyncHTTPClient
import NIOCore

/// Hands the parts of a provider's answer over one by one, until the client goes away.
///
/// The parts are read by a task of its own, so that a client that goes away ends the call even while the provider is silent.
/// Nothing piles up: a part is taken before the next is read.
final class HandOff: Sendable {
    private let parts = AsyncThrowingChannel<ByteBuffer, any Error>()
    private let reader: Task<Void, Never>

    init(_ body: HTTPClientResponse.Body, _ watch: ClientWatch) {
        let parts = parts
        reader = Task {
            do {
                for try await part in body { await parts.send(part) }
                parts.finish()
            } catch {
                parts.fail(error)
            }
        }
        let reader = reader
        watch.onDisconnect { reader.cancel() }
    }

    func next() async throws -> ByteBuffer? {
        var iterator = parts.makeAsyncIterator()
        return try await iterator.next()
    }

    func end() { reader.cancel() }
}
