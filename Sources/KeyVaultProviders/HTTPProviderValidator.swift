import AsyncHTTPClient
public import KeyVault
import NIOCore
import NIOHTTP1
import NIOPosix
package import NIOSSL

public import struct Foundation.Date

/// Asks providers over HTTPS whether keys are live: one free, read-only GET request for each check.
///
/// The key travels in a header and nowhere else. Redirects are not followed: the client would take some headers along to
/// another origin. TLS certificates are verified. An address that is not public is refused after the name was resolved, and
/// again before anything is sent, unless the host is one of ``Configuration/allowedHosts`` or names loopback itself.
///
/// The HTTP client needs the key as a string, which is not wiped when the request ends.
public final class HTTPProviderValidator: ProviderValidator {
    /// How checks are made.
    public struct Configuration: Sendable {
        /// How long a check may take, waiting for its turn included. Default: 10 s.
        public var timeout: Duration
        /// How many checks may be under way at one host. Default: 4.
        public var concurrentChecks: Int
        /// Hosts that may have private addresses, written as in the base URL, such as `gateway.internal`. Default: none.
        public var allowedHosts: Set<String>
        /// The time of day. Default: the system's.
        public var date: @Sendable () -> Date

        public init(
            timeout: Duration = .seconds(10), concurrentChecks: Int = 4, allowedHosts: Set<String> = [],
            date: @escaping @Sendable () -> Date = { Date() }
        ) {
            self.timeout = timeout
            self.concurrentChecks = concurrentChecks
            self.allowedHosts = allowedHosts
            self.date = date
        }
    }

    /// The longest answer that is read. Most verdicts follow from the status and read none.
    static let maximumAnswer = 64 * 1024

    private let configuration: Configuration
    private let resolve: @Sendable (String) -> [UInt8]?
    /// For hosts that must be public, and for those that the operator vouches for.
    private let publicClient: HTTPClient
    private let allowedClient: HTTPClient

    /// Makes checks with the system's certificate authorities.
    public convenience init(configuration: Configuration = Configuration()) {
        self.init(configuration: configuration, tls: .makeClientConfiguration())
    }

    /// - Parameter resolve: gives the address of a host; blocks.
    package init(
        configuration: Configuration, tls: TLSConfiguration,
        resolve: @escaping @Sendable (String) -> [UInt8]? = PublicAddressGuard.resolve
    ) {
        self.configuration = configuration
        self.resolve = resolve
        var settings = HTTPClient.Configuration(tlsConfiguration: tls, redirectConfiguration: .disallow)
        settings.httpVersion = .http1Only
        settings.timeout.connect = .nanoseconds(configuration.timeout.nanoseconds)
        settings.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = max(1, configuration.concurrentChecks)
        // The one retry is ours: the client's own goes on until the deadline.
        settings.connectionPool.retryConnectionEstablishment = false
        // Its spans would record its errors, some of which print headers.
        settings.tracing.tracer = nil
        settings.http1_1ConnectionDebugInitializer = StatusGuard.add
        allowedClient = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
        settings.http1_1ConnectionDebugInitializer = { channel in
            PublicAddressGuard.check(channel).flatMap { StatusGuard.add(to: channel) }
        }
        publicClient = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
    }

    deinit {
        // Each keeps itself alive until it is done.
        _ = allowedClient.shutdown()
        _ = publicClient.shutdown()
    }

    public func validate(_ secret: RawSpan, of provider: Provider) async -> Validation {
        let deadline = ContinuousClock.now + configuration.timeout
        let findings: Findings
        do {
            let check = try PreparedCheck(secret, of: provider, allowedHosts: configuration.allowedHosts)
            findings = await run(check, until: deadline)
        } catch {
            findings = Findings(error.verdict, error.reason)
        }
        let now = configuration.date()
        return Validation(
            verdict: findings.verdict, time: now, reason: findings.reason,
            retryAfter: findings.retryAfter.map { now.addingTimeInterval($0) })
    }
}

extension HTTPProviderValidator {
    /// Sends the request, and once more where the connection failed.
    private func run(_ check: PreparedCheck, until deadline: ContinuousClock.Instant) async -> Findings {
        do {
            return try await send(check, until: deadline)
        } catch {
            guard error.isConnectionFailure, ContinuousClock.now < deadline, !Task.isCancelled else {
                return check.findings(of: error)
            }
        }
        do { return try await send(check, until: deadline) } catch { return check.findings(of: error) }
    }

    private func send(
        _ check: PreparedCheck, until deadline: ContinuousClock.Instant
    ) async throws(RequestFailure) -> Findings {
        do {
            if !check.isVouchedFor { try await requirePublic(check.host, until: deadline) }
            let client = check.isVouchedFor ? allowedClient : publicClient
            let left = ContinuousClock.now.duration(to: deadline)
            let response = try await client.execute(check.request, timeout: .nanoseconds(left.nanoseconds))
            let answer = check.readsAnswer(status: response.status) ? await body(of: response, until: deadline) : nil
            return check.findings(
                status: response.status, headers: response.headers, answer: answer, now: configuration.date())
        } catch {
            throw RequestFailure(error)
        }
    }

    /// Refuses a host that leads inside before anything is connected. One that leads nowhere is the HTTP client's to report.
    private func requirePublic(_ host: String, until deadline: ContinuousClock.Instant) async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let address = loop.makePromise(of: [UInt8]?.self)
        // A resolver cannot be stopped, so that one that hangs is left behind.
        let timer = loop.scheduleTask(in: .nanoseconds(ContinuousClock.now.duration(to: deadline).nanoseconds)) {
            address.fail(RequestFailure.timeout)
        }
        defer { timer.cancel() }
        NIOThreadPool.singleton.runIfActive(eventLoop: loop) { [resolve] in resolve(host) }.cascade(to: address)
        guard try await address.futureResult.get().map(PublicAddressGuard.isPublic) ?? true else {
            throw PublicAddressGuard.Refusal()
        }
    }

    /// What the provider wrote, or `nil` where it writes too much, too slowly or not to the end.
    private func body(of response: HTTPClientResponse, until deadline: ContinuousClock.Instant) async -> ByteBuffer? {
        await withTaskGroup(of: ByteBuffer?.self) { group in
            group.addTask { try? await response.body.collect(upTo: Self.maximumAnswer) }
            group.addTask {
                try? await Task.sleep(until: deadline)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }
}

extension Duration {
    /// At least one: a deadline that has passed is still one.
    fileprivate var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : max(1, whole.addingReportingOverflow(attoseconds / 1_000_000_000).partialValue)
    }
}
