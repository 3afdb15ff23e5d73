import Foundation
import KeyVault
import KeyVaultProviders
import NIOSSL
import Testing

@Suite struct HTTPProviderValidatorTests {
    /// Made up, and recognisable wherever it turns up.
    static let key = "made-up-" + "canary-0123456789-key"

    static let now = Date(timeIntervalSince1970: 1_790_000_000)

    static func answer(_ status: Int, _ body: String = "{}", headers: String = "") -> String {
        "HTTP/1.1 \(status) Status\r\ncontent-length: \(body.utf8.count)\r\n\(headers)\r\n\(body)"
    }

    /// However long it takes, unless it says otherwise: the other tests may need the processors.
    private func validator(seconds: Double = 3_600, concurrent: Int = 4) -> HTTPProviderValidator {
        HTTPProviderValidator(
            configuration: .init(timeout: .seconds(seconds), concurrentChecks: concurrent, date: { Self.now }))
    }

    /// A built-in provider whose host is somewhere else.
    static func provider(_ name: String, at base: String) throws -> Provider {
        var provider = try #require(ProviderRegistry.builtIn[name])
        provider.check?.base = base
        return provider
    }

    private func validate(
        _ name: String, at base: String, key: String = Self.key, with validator: HTTPProviderValidator? = nil
    ) async throws -> Validation {
        let bytes = Array(key.utf8)
        let provider = try Self.provider(name, at: base)
        let result = await unsafe (validator ?? self.validator()).validate(bytes.span.bytes, of: provider)
        #expect(!result.reason.contains(key) && !result.reason.contains("secret-body"))
        #expect(result.time == Self.now)
        return result
    }

    // MARK: What each status means

    /// The table of the field, written down again: path, header and what stands in it, and every status that means something.
    private static let table: [(name: String, path: String, header: String, statuses: [Int: Verdict])] = [
        ("openai", "/v1/models", "Authorization: Bearer ", [200: .valid, 401: .invalid, 403: .restricted]),
        ("anthropic", "/v1/models", "x-api-key: ", [200: .valid, 401: .invalid]),
        (
            "google", "/v1beta/models", "x-goog-api-key: ",
            [200: .valid, 400: .invalid, 401: .invalid, 403: .restricted]
        ),
        ("openrouter", "/api/v1/key", "Authorization: Bearer ", [200: .valid, 401: .invalid]),
        ("groq", "/openai/v1/models", "Authorization: Bearer ", [200: .valid, 401: .invalid]),
        ("xai", "/v1/api-key", "Authorization: Bearer ", [200: .valid, 400: .invalid, 401: .invalid]),
        ("mistral", "/v1/models", "Authorization: Bearer ", [200: .valid, 401: .invalid]),
        ("cohere", "/v1/models", "Authorization: Bearer ", [200: .valid, 401: .invalid]),
        ("deepseek", "/user/balance", "Authorization: Bearer ", [200: .valid, 401: .invalid]),
        ("together", "/v1/models", "Authorization: Bearer ", [200: .valid, 401: .invalid]),
        ("fireworks", "/inference/v1/models", "Authorization: Bearer ", [200: .valid, 401: .invalid]),
        ("huggingface", "/api/whoami-v2", "Authorization: Bearer ", [200: .valid, 401: .invalid]),
        ("replicate", "/v1/account", "Authorization: Bearer ", [200: .valid, 401: .invalid]),
        ("cerebras", "/v1/models", "Authorization: Bearer ", [200: .valid, 401: .invalid]),
        ("azure", "/openai/models?api-version=2024-10-21", "api-key: ", [200: .valid, 401: .invalid]),
        ("elevenlabs", "/v1/user", "xi-api-key: ", [200: .valid, 401: .invalid]),
        ("voyage", "/v1/files", "Authorization: Bearer ", [200: .valid, 401: .invalid, 403: .restricted]),
        ("moonshot", "/v1/models", "Authorization: Bearer ", [200: .valid, 401: .invalid]),
    ]

    @Test func everyProviderIsInTheTableOrHasNoCheck() {
        let checked = ProviderRegistry.builtIn.providers.filter { $0.check != nil }.map(\.name)
        #expect(Set(checked) == Set(Self.table.map(\.name)))
    }

    @Test(arguments: table.indices) func everyStatusOfEveryProvider(_ index: Int) async throws {
        let row = Self.table[index]
        let server = try await LoopbackServer { request, _ in
            let status = request.split(separator: "/", maxSplits: 2)[1]
            // A 204 has no body, and what follows it would be taken for the next answer.
            let body = status == "204" ? "" : #"{"is_available": true, "secret-body": 1}"#
            return .send(Self.answer(Int(status) ?? 0, body))
        }
        let validator = validator()
        for status in [200, 204, 302, 400, 401, 402, 403, 404, 418, 429, 500, 503] {
            let result = try await validate(row.name, at: "\(server.base())/\(status)", with: validator)
            let expected = status == 429 ? .rateLimited : row.statuses[status] ?? .unreachable
            #expect(result.verdict == expected, "\(row.name) \(status)")
        }
        let requests = server.seen.requests
        #expect(requests.count == 12)
        for request in requests {
            let lines = request.components(separatedBy: "\r\n")
            #expect(lines[0].hasPrefix("GET /") && lines[0].hasSuffix("\(row.path) HTTP/1.1"), "\(lines[0])")
            #expect(!lines[0].contains(Self.key))
            #expect(lines.filter { $0 == row.header + Self.key }.count == 1, "\(row.name)")
            #expect(lines.contains("accept-encoding: identity"))
            if row.name == "anthropic" { #expect(lines.contains("anthropic-version: 2023-06-01")) }
        }
        try await server.stop()
    }

    @Test func whereThereIsNoCheckNobodyIsAsked() async throws {
        let validator = validator()
        for name in ["perplexity", "nvidia"] {
            #expect(try await validate(name, at: "http://127.0.0.1:1", with: validator).verdict == .unsupported)
        }
        let azure = try #require(ProviderRegistry.builtIn["azure"])
        let bytes = Array(Self.key.utf8)
        #expect(await unsafe validator.validate(bytes.span.bytes, of: azure).verdict == .unsupported)
        let token = "sk-ant-" + "oat01-" + Self.key
        #expect(try await validate("anthropic", at: "http://127.0.0.1:1", key: token).verdict == .unsupported)
    }

    @Test(arguments: [
        (Verdict.valid, Verdict.valid), (.restricted, .restricted), (.withoutCredit, .withoutCredit),
        (.invalid, .invalid), (.rateLimited, .rateLimited), (.unsupported, .unsupported),
        // That a key was never looked at is not what an answer can say.
        (.unverified, .unreachable),
    ]) func anOperatorsRuleSaysWhatAStatusMeans(_ rule: Verdict, _ verdict: Verdict) async throws {
        let server = try await LoopbackServer { _, _ in .send(Self.answer(402)) }
        var provider = try Self.provider("openai", at: server.base())
        provider.check?.statuses[402] = rule
        let bytes = Array(Self.key.utf8)
        #expect(await unsafe validator().validate(bytes.span.bytes, of: provider).verdict == verdict)
        try await server.stop()
    }

    // MARK: Bodies

    @Test(arguments: [
        (#"{"is_available": true, "balance_infos": [{"currency": "USD"}]}"#, Verdict.valid),
        (#"{"is_available": false}"#, .withoutCredit), (#"{"is_available": "no"}"#, .unreachable), ("{}", .unreachable),
        ("[]", .unreachable), (#"{"is_available": tr"#, .unreachable), ("", .unreachable), ("<html>", .unreachable),
        ("true", .unreachable), (#"{"is_available": {"is_available": true}}"#, .unreachable),
    ]) func theBodyDecidesWhereTheRulesSaySo(_ body: String, _ verdict: Verdict) async throws {
        let server = try await LoopbackServer { _, _ in .send(Self.answer(200, body)) }
        #expect(try await validate("deepseek", at: server.base()).verdict == verdict)
        // Elsewhere the status alone does.
        #expect(try await validate("groq", at: server.base()).verdict == .valid)
        try await server.stop()
    }

    /// What these two write where nothing is wrong with the key itself.
    @Test(arguments: [
        (
            "elevenlabs", 401, #"{"detail": {"status": "missing_permissions", "message": "user_read"}}"#,
            Verdict.restricted
        ),
        ("elevenlabs", 401, #"{"detail": {"status": "invalid_api_key"}}"#, .invalid),
        ("elevenlabs", 401, #"{"detail": "missing_permissions"}"#, .invalid),
        ("elevenlabs", 401, #"{"detail": [{"status": "missing_permissions"}]}"#, .invalid),
        ("elevenlabs", 403, #"{"detail": {"status": "missing_permissions"}}"#, .unreachable),
        ("google", 400, #"{"error": {"code": 400, "status": "FAILED_PRECONDITION"}}"#, .unreachable),
        ("google", 400, #"{"error": {"code": 400, "status": "INVALID_ARGUMENT"}}"#, .invalid),
        // What cannot be read may be either.
        ("elevenlabs", 401, "", .unreachable), ("elevenlabs", 401, #"{"detail": {"sta"#, .unreachable),
        ("google", 400, "<html>", .unreachable),
    ]) func aRefusalThatIsNotTheKeys(_ name: String, _ status: Int, _ body: String, _ verdict: Verdict) async throws {
        let server = try await LoopbackServer { _, _ in .send(Self.answer(status, body)) }
        #expect(try await validate(name, at: server.base()).verdict == verdict)
        try await server.stop()
    }

    @Test func aBodyThatNeverEndsIsNotWaitedFor() async throws {
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n"
        for behaviour in [LoopbackServer.Behaviour.drip(head), .flood(head), .send(head)] {
            let server = try await LoopbackServer { _, _ in behaviour }
            // A validator that waited for the body would not come back.
            let waiting = try await validate("deepseek", at: server.base(), with: validator(seconds: 0.3))
            #expect(waiting.verdict == .unreachable)
            #expect(try await validate("openai", at: server.base()).verdict == .valid)
            try await server.stop()
            let (refused, rest) = ("HTTP/1.1 401 Unauthorized", head.split(separator: "\r\n", maxSplits: 1)[1])
            let dripping = try await LoopbackServer { _, _ in .drip("\(refused)\r\n\(rest)") }
            let other = try await validate("elevenlabs", at: dripping.base(), with: validator(seconds: 0.3))
            #expect(other.verdict == .unreachable)
            try await dripping.stop()
        }
    }

    @Test func aHugeBodyIsNotRead() async throws {
        // Without a length, so that only counting tells.
        let server = try await LoopbackServer { _, _ in .flood("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n") }
        #expect(try await validate("deepseek", at: server.base()).verdict == .unreachable)
        // What lies in the buffers of both ends is all that was ever sent.
        #expect(server.seen.bytesSent < 32 << 20)
        try await server.stop()
    }

    // MARK: Trouble on the way

    @Test func aServerThatHangsEndsInTime() async throws {
        for behaviour in [LoopbackServer.Behaviour.hang, .drip("HTTP/1.1 200 OK\r\nx-slow: ")] {
            let server = try await LoopbackServer { _, _ in behaviour }
            let result = try await validate("openai", at: server.base(), with: validator(seconds: 0.3))
            #expect(result.verdict == .unreachable && result.reason == "OpenAI did not answer in time.")
            #expect(server.seen.requests.count <= 1)
            try await server.stop()
        }
    }

    @Test func aConnectionThatBreaksIsTriedOnceMore() async throws {
        let flaky = try await LoopbackServer { _, number in number == 0 ? .reset : .send(Self.answer(200)) }
        #expect(try await validate("openai", at: flaky.base()).verdict == .valid)
        #expect(flaky.seen.requests.count == 2)
        try await flaky.stop()

        let broken = try await LoopbackServer { _, _ in .reset }
        #expect(try await validate("openai", at: broken.base()).verdict == .unreachable)
        #expect(broken.seen.requests.count == 2)
        let base = broken.base()
        try await broken.stop()
        #expect(try await validate("openai", at: base).reason == "OpenAI could not be reached.")
    }

    @Test(arguments: [
        "not HTTP at all\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/9.9 200 OK\r\n\r\n", "\r\n\r\n\r\n",
        "HTTP/1.1 099 X\r\ncontent-length: 2\r\n\r\n{}", "HTTP/1.1 000 X\r\ncontent-length: 0\r\n\r\n",
    ])
    func whatIsNoHTTPSaysNothing(_ text: String) async throws {
        let server = try await LoopbackServer { _, _ in .send(text) }
        #expect(try await validate("openai", at: server.base(), with: validator(seconds: 1)).verdict == .unreachable)
        try await server.stop()
    }

    @Test(arguments: [301, 302, 303, 307, 308]) func aRedirectIsNotFollowed(_ status: Int) async throws {
        let other = try await LoopbackServer { _, _ in .send(Self.answer(200)) }
        let location = "location: \(other.base())/v1/models\r\n"
        let server = try await LoopbackServer { _, _ in .send(Self.answer(status, headers: location)) }
        for name in ["openai", "anthropic", "google", "elevenlabs"] {
            #expect(try await validate(name, at: server.base()).verdict == .unreachable)
        }
        #expect(other.seen.connections == 0)
        try await other.stop()
        try await server.stop()
    }

    @Test(arguments: ["a\r\nx-evil: 1", "a\nb", "a\0b", "a b", "schl\u{FC}ssel", "a\u{7F}"])
    func aKeyThatNoHeaderCarriesIsNotSent(_ key: String) async throws {
        let server = try await LoopbackServer { _, _ in .send(Self.answer(200)) }
        #expect(try await validate("openai", at: server.base(), key: key).verdict == .invalid)
        #expect(server.seen.connections == 0)
        try await server.stop()
    }

    @Test func cancellingEndsACheck() async throws {
        let server = try await LoopbackServer { _, _ in .hang }
        let base = server.base()
        let task = Task { try await validate("openai", at: base) }
        while server.seen.requests.isEmpty { await Task.yield() }
        task.cancel()
        #expect(try await task.value.verdict == .unreachable)
        try await server.stop()
    }

    // MARK: Restraint

    /// One at the least.
    @Test(arguments: [3, 0]) func noMoreChecksAreUnderWayThanAllowed(_ concurrent: Int) async throws {
        let server = try await LoopbackServer { _, _ in .sendLate(Self.answer(200)) }
        let base = server.base()
        let validator = validator(concurrent: concurrent)
        try await withThrowingTaskGroup(of: Validation.self) { group in
            for _ in 0..<24 { group.addTask { try await validate("openai", at: base, with: validator) } }
            for try await result in group { #expect(result.verdict == .valid) }
        }
        #expect(server.seen.requests.count == 24)
        #expect(server.seen.mostUnderWay <= max(1, concurrent))
        try await server.stop()
    }

    @Test(
        arguments: [
            ("30", 30), ("0", 0), ("-5", 0), ("99999999", 86400), ("soon", nil), ("", nil), ("nan", nil),
            ("Wed, 21 Oct 2015 07:28:00 GMT", 0), ("Mon, 21 Sep 2026 14:13:50 GMT", 30),
        ] as [(String, Double?)]) func theWishForAPauseIsPassedOn(_ text: String, _ seconds: Double?) async throws
    {
        let server = try await LoopbackServer { _, _ in .send(Self.answer(429, headers: "retry-after: \(text)\r\n")) }
        let result = try await validate("openai", at: server.base())
        #expect(result.verdict == .rateLimited)
        #expect(result.retryAfter == seconds.map { Self.now + $0 })
        try await server.stop()
    }

    @Test func aWishForAPauseCountsWhereTheStatusSaysNothing() async throws {
        let server = try await LoopbackServer { _, _ in .send(Self.answer(503, headers: "retry-after: 30\r\n")) }
        let result = try await validate("openai", at: server.base())
        #expect(result.verdict == .unreachable)
        #expect(result.retryAfter == Self.now + 30)
        try await server.stop()
    }
}
