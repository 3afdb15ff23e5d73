import AsyncHTTPClient
import HTTPTypes
import Hummingbird
import KeyVault
import KeyVaultHTTP
import KeyVaultTesting
import Logging
import NIOCore
import NIOEmbedded
import Synchronization

import struct Foundation.Date

/// The service's own routes over a vault in memory, which holds a key of OpenAI for one account. No socket in front of it.
struct ServiceUnderTest {
    static let tenant = "acme"

    let vault: Vault
    let token: String
    private let responder: RouterResponder<ServiceContext>
    private let log = LogLines.Kept()
    private let logger: Logger

    /// - Parameter upstream: the base URL of every provider.
    init(upstream: String) async throws {
        let log = log
        logger = Logger(label: "fuzz") { _ in LogLines(log) }
        let clock = ManualClock()
        vault = try await Vault.create(
            in: MemoryStore(), masterKey: try Samples.ring(0),
            configuration: VaultConfiguration(
                logger: logger, foreignChangeInterval: .seconds(1_000_000), clock: clock, date: { clock.date }))
        token = try await vault.createToken(for: Self.tenant).token
        let stored = try RecordID(tenant: Self.tenant, provider: "openai")
        try await vault.put(try Secret(HTTPInput.key), for: stored)

        var configuration = ServiceConfiguration(writesPerMinute: 0)
        for provider in configuration.providers.names { configuration.upstreams.set(upstream, for: provider) }
        let service = KeyVaultService(
            vault: vault, authenticator: TokenAuthenticator(vault), configuration: configuration,
            validator: Confirming(date: clock.date), client: Self.client)
        let router = Router(context: ServiceContext.self)
        router.add(middleware: APIErrors())
        service.addRoutes(to: router)
        service.addPage(to: router)
        responder = router.buildResponder()
    }

    /// Everything that was logged.
    var logged: String { log.text }

    func reply(to input: HTTPInput) async throws -> HTTPReply {
        let request = Request(
            head: HTTPRequest(
                method: input.method, scheme: "http", authority: "localhost", path: input.path,
                headerFields: input.headers),
            body: RequestBody(buffer: ByteBuffer(bytes: input.body)))
        let context = ServiceContext(
            source: ApplicationRequestContextSource(channel: Self.channel, logger: logger))
        let response = try await responder.respond(to: request, context: context)
        let body = CollectedBody()
        try await response.body.write(BodyWriter(body: body))
        return HTTPReply(status: response.status.code, headers: response.headers, body: body.bytes.withLock { $0 })
    }

    /// No client goes away.
    private static let channel = NIOAsyncTestingChannel()

    /// As the service makes its own, but for its patience: whoever waits here, waits for ever.
    private static let client: HTTPClient = {
        var settings = HTTPClient.Configuration(redirectConfiguration: .disallow)
        settings.timeout = .init(connect: .seconds(30), read: .seconds(30))
        settings.httpVersion = .http1Only
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
    }()
}

/// Confirms every key.
private struct Confirming: ProviderValidator {
    let date: Date

    func validate(_ secret: RawSpan, of provider: Provider) async -> Validation {
        Validation(verdict: .valid, time: date, reason: "It answered.")
    }
}

private final class CollectedBody: Sendable {
    let bytes = Mutex<[UInt8]>([])
}

private struct BodyWriter: ResponseBodyWriter {
    let body: CollectedBody

    func write(_ buffer: ByteBuffer) async throws { body.bytes.withLock { $0 += buffer.readableBytesView } }
    func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
