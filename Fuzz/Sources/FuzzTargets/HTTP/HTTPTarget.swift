import Foundation
import HTTPTypes
import KeyVault

/// The service: bodies, headers, paths and queries of clients, and what providers answer. Whatever they are, the service gives
/// the same answer twice, in the form that the API promises, and no part of a key in an answer or in the log, but in what a
/// provider itself wrote into a chat.
///
/// An input is an ``HTTPInput``.
struct HTTPTarget: FuzzTarget {
    let name = "http"

    var seeds: [[UInt8]] { Self.requests.map { Array($0.utf8) } }

    func run(_ input: [UInt8]) async throws {
        let stub = try await ProviderStub.shared.value
        let first = try await Self.exchange(input, stub)
        guard let second = try await Self.exchange(input, stub), let first else { return }
        try Finding.require(first.text == second.text, "twice, and not the same:\n\(first.text)\n\(second.text)")
    }

    /// Asks a new service, and looks at what it answers.
    private static func exchange(_ bytes: [UInt8], _ stub: ProviderStub) async throws -> HTTPReply? {
        guard let answer = HTTPInput(bytes, token: "")?.answer else { return nil }
        let (reply, asked) = try await stub.answering(answer) { upstream -> HTTPReply? in
            let service = try await ServiceUnderTest(upstream: upstream)
            guard let input = HTTPInput(bytes, token: service.token) else { return nil }
            let reply = try await service.reply(to: input)
            try checkSilence(service.logged, "the log")
            try await checkAccess(input, reply, token: service.token)
            try await checkStored(input, reply, service.vault)
            await service.vault.close()
            return reply
        }
        guard let reply, let input = HTTPInput(bytes, token: "") else { return reply }
        let isChat = asked != nil && reply.isSuccess
        if let asked { try checkPassedOn(asked, input) }
        if isChat { try checkRelayed(reply, answer) } else { try checkForm(reply) }
        if !isChat { try checkSilence(reply.text, "the answer") }
        return reply
    }

    /// Nobody is let in without the token, and where it is due nobody sees more than that.
    private static func checkAccess(_ input: HTTPInput, _ reply: HTTPReply, token: String) async throws {
        guard input.path.hasPrefix("/v1"), !(input.headers[.authorization] ?? "").contains(token) else { return }
        try Finding.require([401, 404, 405].contains(reply.status), "let in without a token: \(reply.text)")
    }

    /// Keys that were accepted are stored as they stand in the body.
    private static func checkStored(_ input: HTTPInput, _ reply: HTTPReply, _ vault: Vault) async throws {
        guard input.method == .post, input.path == "/v1/account/llm-keys", reply.status == 200,
            let members = HTTPReply.members(of: input.body) as? [String: String]
        else { return }
        for (name, value) in members {
            let id = try RecordID(tenant: ServiceUnderTest.tenant, provider: String(name.dropLast(4)))
            let isSame = try await vault.withSecret(id) { secret in
                // Any byte of a secret is a `UInt8`.
                (0..<secret.byteCount).map { unsafe secret.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
                    == Array(value.utf8)
            }
            try Finding.require(isSame, "\(name) is not stored as it was sent")
        }
    }

    /// The provider gets what the client sent, but for the model's name.
    private static func checkPassedOn(_ asked: [UInt8], _ input: HTTPInput) throws {
        guard var sent = HTTPReply.members(of: input.body) else { return }
        guard var passedOn = HTTPReply.members(of: asked) else { throw Finding("what was passed on is no JSON") }
        try Finding.require(passedOn["model"] is String, "no model was passed on")
        (sent["model"], passedOn["model"]) = (nil, nil)
        try Finding.require(
            NSDictionary(dictionary: sent).isEqual(to: passedOn), "another request was passed on")
    }

    /// The client gets what the provider sent, and one member or event more.
    private static func checkRelayed(_ reply: HTTPReply, _ answer: HTTPInput.Answer) throws {
        let sent = answer.status == 204 ? [] : answer.body
        if answer.headers[.contentType]?.hasPrefix("text/event-stream") ?? false {
            let added = "data: {\"id\":\"\(reply.requestID ?? "")\""
            guard let start = reply.body.firstRange(of: Array(added.utf8))?.lowerBound,
                let end = reply.body[start...].firstRange(of: Array("\n\n".utf8))?.upperBound
            else { throw Finding("the event is missing: \(reply.text)") }
            let rest = Array(reply.body[..<start] + reply.body[end...])
            try Finding.require(
                rest == sent || rest == sent + Array("\n\n".utf8), "the stream was changed: \(reply.text)")
        } else if reply.body != sent {
            guard let place = reply.body.firstRange(of: Array("\"stratus\":{\"key_source\"".utf8))?.lowerBound else {
                throw Finding("the answer was changed: \(reply.text)")
            }
            let isBehindComma = place > 0 && reply.body[place - 1] == UInt8(ascii: ",")
            let before = reply.body[..<(isBehindComma ? place - 1 : place)]
            try Finding.require(sent.starts(with: before), "the answer was changed: \(reply.text)")
            guard HTTPReply.members(of: sent) != nil else { return }
            try Finding.require(reply.members?["stratus"] is [String: Any], "the answer was spoilt: \(reply.text)")
        }
    }

    /// Every failure is told in the API's form.
    private static func checkForm(_ reply: HTTPReply) throws {
        guard reply.status >= 400 else { return }
        let members = reply.members ?? [:]
        let isLate = (members["message"] as? String)?.hasSuffix("did not answer in time") ?? false
        try Finding.require(members["error"] as? String != "internal_error" && !isLate, "it failed: \(reply.text)")
        try Finding.require(
            members["error"] is String && members["message"] is String && members["request_id"] is String,
            "not in the form of an error: \(reply.text)")
    }

    /// 12 bytes in a row: what a masked hint shows is shorter.
    private static func checkSilence(_ text: String, _ place: String) throws {
        let bytes = Array(text.utf8)
        for window in windows where bytes.firstRange(of: window) != nil {
            throw Finding("\(place) holds a part of a key: \(text)")
        }
    }

    private static let windows: [[UInt8]] = {
        let secret = Array(HTTPInput.secretPart.utf8)
        return (0...(secret.count - 12)).map { Array(secret[$0..<($0 + 12)]) }
    }()
}
