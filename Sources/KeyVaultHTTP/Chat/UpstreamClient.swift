import AsyncHTTPClient
import KeyVaultProviders
import NIOCore

/// The HTTP client that calls providers: one of our own, which ends with the last service that uses it, or the caller's.
final class UpstreamClient: Sendable {
    let http: HTTPClient
    private let isOwn: Bool

    init(_ http: HTTPClient) {
        self.http = http
        isOwn = false
    }

    /// No redirects, which would take keys along to other hosts; bounded waits.
    init(_ configuration: ServiceConfiguration) {
        var settings = HTTPClient.Configuration(redirectConfiguration: .disallow)
        settings.timeout = .init(
            connect: .init(configuration.connectTimeout), read: .init(configuration.silenceTimeout))
        // HTTP/2 remembers headers for as long as a connection lives, and a key is one.
        settings.httpVersion = .http1Only
        // One connection serves one chat at a time, and each chat has a client's connection: those are what is bounded.
        settings.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = .max
        // Its spans would record its errors, some of which print headers; ours record our own.
        settings.tracing.tracer = nil
        settings.http1_1ConnectionDebugInitializer = StatusGuard.add
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
        isOwn = true
    }

    // The shutdown keeps the client alive until it is done.
    deinit { if isOwn { _ = http.shutdown() } }
}
