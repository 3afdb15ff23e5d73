import HTTPTypes
import Hummingbird
import KeyVault
import Logging
import Tracing

extension KeyVaultService {
    typealias Handler = @Sendable (Exchange) async throws -> Response

    /// Adds a route that answers every failure in the API's form.
    func add<Context: RequestContext>(
        _ operation: Operation, to router: some RouterMethods<Context>, _ handler: @escaping Handler
    ) {
        router.on(RouterPath(operation.path), method: operation.method) { request, context in
            let exchange = Exchange(
                request: request, id: RequestID.make(), operation: operation, parameters: context.parameters,
                logger: context.logger, channel: (context as? any ConnectionAware)?.channel)
            let response = await serve(exchange, handler)
            // A body behind the answer to a HEAD would be read as the next answer's beginning.
            return operation.method == .head ? response.createHeadResponse() : response
        }
    }

    private func serve(_ exchange: Exchange, _ handler: Handler) async -> Response {
        let start = ContinuousClock.now
        let response = await traced(exchange.operation.name, ofKind: .server) { span in
            span?.attributes["http.request.method"] = exchange.operation.method.rawValue
            span?.attributes["http.route"] = exchange.operation.path
            let response = await answer(exchange, handler)
            span?.attributes["http.response.status_code"] = response.status.code
            return response
        }
        let took = ContinuousClock.now - start
        metrics.answered(exchange.operation, status: response.status.code, took: took)
        exchange.logger.debug(
            "served",
            metadata: [
                "request_id": "\(exchange.id)", "operation": "\(exchange.operation.name)",
                "status": "\(response.status.code)", "took": "\(took)",
            ])
        return response
    }

    private func answer(_ exchange: Exchange, _ handler: Handler) async -> Response {
        do {
            return try await handler(exchange)
        } catch let error as APIError {
            if !error.isLogged { log("a request was not served", error, exchange) }
            return error.response(requestID: exchange.id)
        } catch let error as VaultError {
            let failure = APIError(error, purpose: exchange.operation.purpose, providers: configuration.providers)
            // The vault's errors never hold a secret.
            let event: Logger.Message = failure.status.code >= 500 ? "the vault failed" : "the vault refused"
            log(event, failure, exchange, ["code": "\(error.code.rawValue)", "error": "\(error)"])
            return failure.response(requestID: exchange.id)
        } catch {
            // What others' errors hold is unknown: some print headers. Their type is all that is told, and to the log only.
            exchange.logger.error(
                "a request failed",
                metadata: [
                    "request_id": "\(exchange.id)", "operation": "\(exchange.operation.name)",
                    "type": "\(type(of: error))",
                ])
            return APIError(.internalServerError, "internal_error", "Something went wrong on our side")
                .response(requestID: exchange.id)
        }
    }

    /// Notes what went wrong under the id that the client gets: as a warning where it is ours or a provider's failure, and not where
    /// it is the client's.
    func log(
        _ event: Logger.Message, _ error: APIError, _ exchange: Exchange, _ more: Logger.Metadata = [:]
    ) {
        var metadata: Logger.Metadata = [
            "request_id": "\(exchange.id)", "operation": "\(exchange.operation.name)",
            "status": "\(error.status.code)", "code": "\(error.code)", "error": "\(error.message)",
        ]
        if let provider = error.provider { metadata["provider"] = "\(provider)" }
        metadata.merge(more) { $1 }
        exchange.logger.log(level: error.status.code >= 500 ? .warning : .debug, event, metadata: metadata)
    }

    /// Those that SwiftNIO's decoder knows; any other is no HTTP to it.
    private static let methods = [
        "ACL", "BIND", "CHECKOUT", "CONNECT", "COPY", "DELETE", "GET", "HEAD", "LINK", "LOCK", "M-SEARCH", "MERGE",
        "MKACTIVITY", "MKCALENDAR", "MKCOL", "MOVE", "NOTIFY", "OPTIONS", "PATCH", "POST", "PROPFIND", "PROPPATCH",
        "PURGE", "PUT", "QUERY", "REBIND", "REPORT", "SEARCH", "SOURCE", "SUBSCRIBE", "TRACE", "UNBIND", "UNLINK",
        "UNLOCK", "UNSUBSCRIBE",
    ]

    /// Answers 405 where a path is known and the method is not.
    func refuseOtherMethods(than operations: [Operation], on router: some RouterMethods<some RequestContext>) {
        let methods = Self.methods.compactMap { HTTPRequest.Method($0) }
        for path in Set(operations.map(\.path)) {
            let known = operations.filter { $0.path == path }.map(\.method)
            for method in methods where !known.contains(method) {
                let operation = Operation(name: "not_allowed", method: method, path: path, purpose: "answer")
                add(operation, to: router) { _ in
                    throw APIError(
                        .methodNotAllowed, "method_not_allowed", "\(method.rawValue) is not known here",
                        headers: [.allow: known.map(\.rawValue).sorted().joined(separator: ", ")])
                }
            }
        }
    }
}
