import AsyncHTTPClient
import Foundation
import HTTPTypes
import Hummingbird
import KeyVault
import KeyVaultProviders
import Logging
import NIOCore
import NIOHTTP1

extension KeyVaultService {
    /// What the client is told of a chat that its provider refused; the vault is told, too, where a stored key is to blame.
    func refusal(
        _ answer: UpstreamAnswer, _ call: UpstreamCall, _ exchange: Exchange
    ) async -> APIError {
        let (upstream, status) = (call.resolution.upstream, answer.status)
        let name = displayName(upstream)
        let isOfPool = call.resolution.origin == .pool
        let pause = answer.headers.first(name: "retry-after").flatMap { RetryAfter($0)?.seconds }
        let retryAfter = pause.map { Int($0.rounded(.up)) }
        switch status {
        case 401 where isOfPool, 402 where isOfPool:
            logPool(.error, "the pool's key was refused", answer, call, exchange)
            return .poolCannotServe(call.source)
        case 401:
            await report(.rejected, call, exchange)
            var error = APIError.rejectedKey(name, provider: upstream)
            error.headers = call.source.headers
            return error
        case 403:
            if isOfPool { logPool(.warning, "the pool was turned away", answer, call, exchange) }
            return .upstream(.forbidden, "\(name) refused this request", call)
        case 429:
            if isOfPool { logPool(.warning, "the pool was turned away", answer, call, exchange) }
            await report(.rateLimited(retryAfter: pause.map { .seconds($0) }), call, exchange)
            var error = APIError.upstream(.tooManyRequests, "\(name) asks for a pause", call)
            error.code = "rate_limited"
            error.retryAfter = retryAfter
            return error
        case 200 where answer.isCompressed:
            return .upstream(.badGateway, "\(name) compressed its answer, which it was not asked to", call)
        default:
            // A redirect would take the key to another host; a success that is no 200 brings no chat.
            let passedOn = (400...599).contains(status) ? HTTPResponse.Status(code: status) : .badGateway
            var error = APIError.upstream(passedOn, "\(name) answered with status \(status)", call)
            error.retryAfter = retryAfter
            if case .whole(let body) = answer.body, body.readableBytes > 0 {
                let scrubber = SecretScrubber(call.key)
                if isOfPool {
                    error.hint = Self.sentence(ofPool: body, status).flatMap(scrubber.clean)
                } else {
                    let text = scrubber.clean(String(buffer: body))
                    error.hint = text ?? "What \(name) says may hold a part of the key, and is not passed on."
                }
            }
            return error
        }
    }

    /// Notes that the pool's key did not serve, which the operator has to know.
    private func logPool(
        _ level: Logger.Level, _ event: Logger.Message, _ answer: UpstreamAnswer, _ call: UpstreamCall,
        _ exchange: Exchange
    ) {
        exchange.logger.log(
            level: level, event,
            metadata: [
                "request_id": "\(exchange.id)", "provider": "\(call.resolution.upstream)",
                "status": "\(answer.status)",
            ])
    }

    /// What the client is told of a key that no header can carry, so that its provider was not asked.
    func unsendable(_ resolution: Resolution, _ exchange: Exchange) -> APIError {
        let upstream = resolution.upstream
        guard resolution.origin == .pool else { return .rejectedKey(displayName(upstream), provider: upstream) }
        exchange.logger.error(
            "the pool's key is not one word of printable ASCII",
            metadata: ["request_id": "\(exchange.id)", "provider": "\(upstream)"])
        return .poolCannotServe(KeySource(resolution))
    }

    /// What is wrong with a request, of what the pool's provider says: the rest may be about the operator's account.
    ///
    /// Read before the key is taken out: the text of an answer can spell it in escapes.
    private static func sentence(ofPool body: ByteBuffer, _ status: Int) -> String? {
        struct Answer: Decodable {
            struct Problem: Decodable { let message: String }
            let error: Problem
        }
        guard [400, 404, 413, 422].contains(status) else { return nil }
        return try? JSONDecoder().decode(Answer.self, from: Data(body.readableBytesView)).error.message
    }

    /// Tells the vault what came of using a stored key. That it cannot be told changes nothing for the client.
    private func report(_ feedback: KeyFeedback, _ call: UpstreamCall, _ exchange: Exchange) async {
        guard case .vault(let id, _) = call.resolution.origin else { return }
        do {
            try await vault.report(feedback, for: id, using: Secret(call.key))
        } catch {
            exchange.logger.warning(
                "a key could not be marked",
                metadata: ["request_id": "\(exchange.id)", "code": "\(error.code.rawValue)"])
        }
    }

    /// What the client is told of a call that came to no end. The client's errors are not shown: some print headers.
    func upstreamFailure(_ error: any Error, _ call: UpstreamCall, _ exchange: Exchange) -> APIError {
        // Neither may look like the provider's failure. A write that fails tells of the client's end before its watch does.
        guard !exchange.isClientGone else { return .clientIsGone }
        guard !Task.isCancelled else { return .shuttingDown }
        let name = displayName(call.resolution.upstream)
        switch error as? HTTPClientError {
        case .connectTimeout?, .tlsHandshakeTimeout?, .getConnectionFromPoolTimeout?, .readTimeout?, .writeTimeout?,
            .deadlineExceeded?:
            return .upstream(.gatewayTimeout, "\(name) did not answer in time", call)
        case .remoteConnectionClosed?:
            return .upstream(.badGateway, "\(name) closed the connection", call)
        case nil where error as? HTTPParserError == .invalidEOFState:
            return .upstream(.badGateway, "\(name) broke its answer off", call)
        case nil where error is HTTPParserError || error is StatusGuard.Refusal:
            return .upstream(.badGateway, "\(name) did not answer as HTTP asks", call)
        case nil where error is NIOTooManyBytesError:
            return .upstream(.badGateway, "\(name) answered with more than is passed on", call)
        default: return .upstream(.badGateway, "\(name) cannot be reached", call)
        }
    }
}

extension APIError {
    fileprivate static func upstream(_ status: HTTPResponse.Status, _ message: String, _ call: UpstreamCall) -> APIError
    {
        APIError(
            status, "upstream_error", message, provider: call.resolution.upstream, headers: call.source.headers)
    }

    /// Of a pool's key that is of no use: the operator's to mend, and nobody else's to read.
    fileprivate static func poolCannotServe(_ source: KeySource) -> APIError {
        APIError(
            .badGateway, "upstream_error", "The shared pool cannot serve this request", provider: source.provider,
            headers: source.headers
        ).logged
    }
}
