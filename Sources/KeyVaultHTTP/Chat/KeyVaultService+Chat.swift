import AsyncHTTPClient
import HTTPTypes
import Hummingbird
import KeyVault
import Logging
import NIOCore
import NIOHTTP1
import Tracing

import struct Foundation.Date

extension KeyVaultService {
    /// `POST /v1/chat/completions`: serves a chat with the key that is due, and says which that was.
    func chat(_ exchange: Exchange) async throws -> Response {
        let account = try await account(exchange)
        try exchange.requireJSON()
        let inline = try InlineKeys.read(exchange.request.headers, configuration.providers)
        let chat = try ChatRequest(
            try await exchange.body(upTo: configuration.maximumChatBody), configuration.providers)
        let call = try await upstreamCall(for: chat, inline, of: account, exchange)
        let deadline = ContinuousClock.now + configuration.chatTimeout
        let answer = try await exchange.whileConnected { try await send(call, until: deadline, exchange) }
        guard answer.isSuccess else { throw await refusal(answer, call, exchange) }
        metrics.chat(servedBy: call.source)
        return relay(answer, call, until: deadline, exchange)
    }

    /// Chooses the key and puts it into a request to its provider.
    ///
    /// The HTTP client takes headers as strings: this is where the key leaves guarded memory, for as long as the request is
    /// under way.
    private func upstreamCall(
        for chat: ChatRequest, _ inline: [String: Secret], of account: Account, _ exchange: Exchange
    ) async throws -> UpstreamCall {
        let request = KeyRequest(tenant: account.tenant, provider: chat.target.provider, inline: inline)
        do {
            return try await resolver.withKey(for: request) { key, resolution in
                guard let url = configuration.upstreams.chat(of: resolution.upstream) else {
                    throw APIError(
                        .notImplemented, "not_available", "Chats with this provider are not configured here",
                        hint: "The operator can name its address with --upstream.", provider: resolution.upstream)
                }
                // A stored key was checked to be printable; one that is not would end a header and begin another.
                let text = String(copying: key)
                guard text.isOneWord else { throw unsendable(resolution, exchange) }
                return UpstreamCall(
                    url: url, key: text, body: chat.body(for: resolution.upstream), resolution: resolution)
            }
        } catch let error as VaultError {
            // Where the store failed, the error says with what: that is for the log.
            guard let cause = error.cause as? NoUsableKey, error.code != .store,
                !cause.passedOver.contains(.storeFailed)
            else { throw error }
            let reasons = cause.passedOver.map { "\($0)" }.joined(separator: "; ")
            throw APIError(
                .forbidden, "no_key", "No key can serve this request",
                hint: "\(reasons). Store a key, or send one in a header such as X-OpenAI-Key.",
                provider: chat.target.provider, retryAfter: cause.passedOver.secondsOfPause(at: Date()))
        }
    }

    /// Sends the request and reads the answer, but for a stream.
    private func send(
        _ call: UpstreamCall, until deadline: ContinuousClock.Instant, _ exchange: Exchange
    ) async throws -> UpstreamAnswer {
        try await traced("chat \(call.resolution.upstream)", ofKind: .client) { span in
            span?.attributes["keyvault.key_origin"] = call.source.origin
            do {
                let request = call.request(accept: exchange.request.headers.value(of: .accept))
                // No logger: the client's own may print headers.
                let response = try await client.http.execute(
                    request, deadline: .now() + .init(configuration.chatTimeout))
                span?.attributes["http.response.status_code"] = Int(response.status.code)
                return try await UpstreamAnswer(response, until: deadline)
            } catch {
                // In here, since a span records what is thrown through it.
                throw upstreamFailure(error, call, exchange)
            }
        }
    }

    /// Passes a provider's answer on.
    private func relay(
        _ answer: UpstreamAnswer, _ call: UpstreamCall, until deadline: ContinuousClock.Instant, _ exchange: Exchange
    ) -> Response {
        var headers = call.source.headers
        let type = answer.headers.first(name: "content-type") ?? "application/json"
        headers.append(HTTPField(name: .contentType, value: type))
        headers.append(HTTPField(name: .cacheControl, value: "no-store"))
        headers.append(HTTPField(name: .requestID, value: exchange.id))
        headers.append(HTTPField(name: .xContentTypeOptions, value: "nosniff"))
        let name = configuration.responseObject
        let body: ResponseBody
        switch answer.body {
        case .whole(let whole):
            body = ResponseBody(inSlices: call.source.added(to: whole, object: name))
        case .stream(let parts):
            let tail = EventStreamTail(event: call.source.event(object: name, id: exchange.id))
            body = stream(parts, until: deadline, tail, call, exchange)
        }
        return Response(status: .ok, headers: headers, body: body)
    }

    private func stream(
        _ parts: HTTPClientResponse.Body, until deadline: ContinuousClock.Instant, _ tail: EventStreamTail,
        _ call: UpstreamCall, _ exchange: Exchange
    ) -> ResponseBody {
        ResponseBody { writer in
            do {
                try await exchange.whileConnected {
                    var tail = tail
                    // Each part is written before the next is asked for: a slow client slows the provider down.
                    for try await part in parts.within(deadline) { try await writer.write(tail.pass(part)) }
                    try await writer.write(tail.end())
                    try await writer.finish(nil)
                }
            } catch {
                // The head has said 200: that the rest is missing is for the log, and for the client, whose connection ends.
                let failure = upstreamFailure(error, call, exchange)
                // A client that leaves has broken nothing.
                if failure.status.code >= 500 { metrics.streamBrokeOff(servedBy: call.source) }
                log("a stream broke off", failure, exchange)
                throw failure
            }
        }
    }
}
