import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL

/// A request on its way through the service.
struct Exchange {
    let request: Request
    let id: String
    let operation: Operation
    let parameters: Parameters
    /// Without anything of the request that could be a secret.
    let logger: Logger
    /// The connection; `nil` where the application's context does not tell.
    let channel: (any Channel)?

    /// Whether the client has gone away, or was cut off; `false` where the application's context does not tell.
    var isClientGone: Bool { channel?.isActive == false }

    /// The request's whole body.
    ///
    /// - Throws: ``APIError`` 413 beyond `limit` bytes; 501 where it comes in another coding than in chunks.
    func body(upTo limit: Int) async throws -> ByteBuffer {
        // Nobody has taken off but the chunks what the body was sent in (RFC 9112, section 6.1).
        if let coding = request.headers.value(of: .transferEncoding), coding.lowercased() != "chunked" {
            throw APIError(
                .notImplemented, "not_available", "The request body is sent in a transfer coding that is not known",
                hint: "Send no Transfer-Encoding but chunked.")
        }
        let tooLarge = APIError(
            .contentTooLarge, "request_too_large", "The request body is larger than \(limit) bytes")
        if let length = request.headers.value(of: .contentLength).flatMap({ Int($0) }), length > limit {
            throw tooLarge
        }
        do {
            return try await request.body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw tooLarge
        } catch {
            // One that breaks the connection off, or its TLS, is gone before the connection says so.
            if error is IOError || error is NIOSSLError || isClientGone { throw APIError.clientIsGone }
            if error is CancellationError { throw APIError.shuttingDown }
            guard error is HTTPParserError else { throw error }
            throw APIError.invalidRequest("The request body is not sent as HTTP asks")
        }
    }

    /// Refuses a body that says it is something else than JSON, or compressed.
    func requireJSON() throws(APIError) {
        if let codings = request.headers.value(of: .contentEncoding),
            !codings.split(separator: ",").allSatisfy({ $0.trimmingSpaces.lowercased() == "identity" })
        {
            throw APIError(
                .unsupportedMediaType, "unsupported_media_type", "The request body must not be compressed",
                hint: "Send no Content-Encoding.")
        }
        guard let type = request.headers.value(of: .contentType), type != "application/json" else { return }
        let essence = type.prefix { $0 != ";" }.trimmingSpaces.lowercased()
        guard essence == "application/json" || essence.hasSuffix("+json") else {
            throw APIError(
                .unsupportedMediaType, "unsupported_media_type", "The request body must be JSON",
                hint: "Send Content-Type: application/json.")
        }
    }

    /// Runs `body`, and cancels it when the client goes away, where the connection has a ``ConnectionGuard`` to tell.
    @concurrent func whileConnected<Result>(_ body: @concurrent () async throws -> Result) async throws -> Result {
        guard let watch = channel.flatMap(ClientWatch.of) else { return try await body() }
        return try await watch.guarding(body)
    }

    /// Refuses parameters of the query that are not `known`, and those that are there twice.
    func requireKnownQuery(_ known: Set<String>) throws(APIError) {
        let names = request.uri.queryParameters.map { String($0.key) }
        guard Set(names).isSubset(of: known), Set(names).count == names.count else {
            let list = known.isEmpty ? "none" : known.sorted().joined(separator: " and ")
            throw APIError.invalidRequest("A query parameter is not known, or there twice", hint: "Known: \(list).")
        }
    }

    /// A parameter of the query, decoded.
    func query(_ name: String) -> String? { request.uri.queryParameters[name[...]].map { String($0) } }
}

extension Substring {
    var trimmingSpaces: Substring {
        var rest = utf8
        while let byte = rest.first, byte == 0x20 || byte == 0x09 { rest.removeFirst() }
        while let byte = rest.last, byte == 0x20 || byte == 0x09 { rest.removeLast() }
        return Substring(rest)
    }
}
