import AsyncHTTPClient
import Foundation
import HTTPTypes
import Hummingbird
import KeyVault
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
        let retryAfter = answer.headers.first(name: "retry-after").flatMap { RetryAfter($0)?.seconds }
        let isPoor = call.resolution.origin == .pool && [401, 402].contains(status)
        if call.resolution.origin == .pool, isPoor || [403, 429].contains(status) {
            exchange.logger.log(
                level: isPoor ? .error : .warning, isPoor ? "the pool's key was refused" : "the pool was turned away",
                metadata: ["request_id": "\(exchange.id)", "provider": "\(upstream)", "status": "\(status)"])
        }
        // The operator's to mend, and nobody else's to read.
        if isPoor { return .upstream(.badGateway, "The shared pool cannot serve this request", call).logged }
        switch status {
        case 401:
            await report(.rejected, call, exchange)
            var error = APIError.rejectedKey(name, provider: upstream)
            error.headers = call.source.headers
            return error
        case 403:
            return .upstream(.forbidden, "\(name) refused this request", call)
        case 429:
            await report(.rateLimited(retryAfter: retryAfter.map { .seconds($0) }), call, exchange)
            var error = APIError.upstream(.tooManyRequests, "\(name) asks for a pause", call)
            error.code = "rate_limited"
            error.retryAfter = retryAfter.map { Int($0.rounded(.up)) }
            return error
        default:
            // A redirect would take the key to another host; a success that is no 200 brings no chat.
            let passedOn = (400...599).contains(status) ? HTTPResponse.Status(code: status) : .badGateway
            var error = APIError.upstream(passedOn, "\(name) answered with status \(status)", call)
            if case .whole(let body) = answer.body, body.readableBytes > 0 {
                let scrubber = SecretScrubber(call.key)
                if call.resolution.origin == .pool {
                    error.hint = Self.sentence(ofPool: body, status).flatMap(scrubber.clean)
                } else {
                    let text = scrubber.clean(String(buffer: body))
                    error.hint = text ?? "What \(name) says holds a part of the key, and is not passed on."
                }
            }
            return error
        }
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
        guard case .vault(let id, let revision) = call.resolution.origin else { return }
        do {
            try await vault.report(feedback, for: id, revision: revision)
        } catch {
            exchange.logger.warning(
                "a key could not be marked",
                metadata: ["request_id": "\(exchange.id)", "code": "\(error.code.rawValue)"])
        }
    }

    /// What the client is told of a call that came to no end. The client's errors are not shown: some print headers.
    func upstreamFailure(_ error: any Error, _ call: UpstreamCall) -> APIError {
        // Nobody reads that answer; it is for the metrics, where it must not look like the provider's failure.
        guard !Task.isCancelled else { return .clientIsGone }
        let name = displayName(call.resolution.upstream)
        let isTimeout =
            switch error as? HTTPClientError {
            case .connectTimeout?, .readTimeout?, .writeTimeout?, .deadlineExceeded?: true
            default: false
            }
        return isTimeout
            ? .upstream(.gatewayTimeout, "\(name) did not answer in time", call)
            : .upstream(.badGateway, "\(name) cannot be reached", call)
    }
}

extension APIError {
    fileprivate static func upstream(_ status: HTTPResponse.Status, _ message: String, _ call: UpstreamCall) -> APIError
    {
        APIError(
            status, "upstream_error", message, provider: call.resolution.upstream, headers: call.source.headers)
    }
}
