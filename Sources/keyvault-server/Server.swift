import CoreMetrics
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import KeyVault
import KeyVaultHTTP
import KeyVaultProviders
import Logging
import NIOCore
import ServiceLifecycle
import UnixSignals

/// The server, put together from its settings.
struct Server {
    /// For how many seconds running requests are waited for at the end.
    private static let patience = 30
    /// How many connections there may be at the metrics' address: whoever collects them needs one.
    private static let metricsConnections = 16

    private let settings: ServerSettings
    private let command: ServerCommand
    private let keys: ServerKeys
    private let logger: Logger

    init(_ settings: ServerSettings, command: ServerCommand) throws(StartFailure) {
        self.settings = settings
        self.command = command
        keys = try ServerKeys(settings)
        let level = settings.logLevel
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        }
        logger = Logger(label: "keyvault-server")
        for name in KnownSettings.unknownVariables(in: ProcessInfo.processInfo.environment) {
            logger.warning("\(name) is set and is no setting of this server; --help names them")
        }
    }

    /// Serves until SIGTERM or SIGINT, then lets running requests end.
    func run() async throws {
        let connections = raiseDescriptorLimit()
        let metrics = PrometheusMetrics()
        MetricsSystem.bootstrap(metrics)
        let tls = try settings.tls.map { TLSContext(try $0.load()) }
        if let files = settings.tls, files.isKeyReadableByAll {
            logger.warning(
                "everybody on this machine can read the TLS key; run 'chmod o-r' on it",
                metadata: ["key": "\(files.key)"])
        }
        let registry = try providers()
        // Hosts that the operator names may have private addresses.
        let hosts = registry.addedHosts.union(settings.upstreams.values.map(\.host))
        let validator =
            settings.validation == .off ? nil : HTTPProviderValidator(configuration: .init(allowedHosts: hosts))
        let vault = try await openVault(registry, validator)
        await warnOfUnlockedMemory(vault)
        if tls == nil, !settings.listen.isLoopback {
            logger.warning(
                "tokens and keys come in unencrypted; give --tls-certificate, or put a TLS proxy in front of this address",
                metadata: ["listen": "\(settings.listen)"])
        }
        let service = KeyVaultService(
            vault: vault, authenticator: TokenAuthenticator(vault), configuration: try configuration(registry),
            validator: validator)

        var services: [any Service] = [
            VaultService(vault: vault),
            ReloadService(command: command, vault: vault, keys: keys, files: settings.tls, tls: tls, logger: logger),
        ]
        if let address = settings.metricsListen {
            let base = metricsServer(metrics, vault, at: address)
            services.append(Listener(base: base, address: address, option: "--metrics-listen"))
        }
        services.append(Listener(base: server(service, tls, connections), address: settings.listen, option: "--listen"))
        // The last is told first.
        services.append(FarewellService(seconds: Self.patience, logger: logger))
        var group = ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        group.maximumGracefulShutdownDuration = .seconds(Self.patience)
        try await ServiceGroup(configuration: group).run()
    }
}

extension Server {
    /// The providers' rules, with those and the addresses that the operator has set.
    private func providers() throws -> ProviderRegistry {
        var registry = ProviderRegistry.builtIn
        if let path = settings.providers {
            guard let document = FileManager.default.contents(atPath: path) else {
                throw StartFailure("The document of providers \(path) cannot be read.")
            }
            do { try registry.add(document: Array(document)) } catch { throw StartFailure("\(path): \(error)") }
        }
        for (name, base) in settings.upstreams {
            guard var provider = registry[name] else {
                throw StartFailure(
                    "No provider '\(name)' is known. Known are \(registry.names.joined(separator: ", ")).")
            }
            provider.check?.base = base.url
            registry.add(provider)
        }
        return registry
    }

    private func openVault(
        _ registry: ProviderRegistry, _ validator: HTTPProviderValidator?
    ) async throws -> Vault {
        var configuration = VaultConfiguration(audit: Self.audit, logger: Logger(label: "keyvault"))
        configuration.providers = registry
        configuration.validator = validator
        configuration.checks = settings.validation
        configuration.cache.timeToLive = settings.cacheLifetime
        let store = try await StoreURL.open(settings.store)
        do throws(VaultError) {
            return try await Vault.open(store, keys: keys, configuration: configuration)
        } catch {
            throw StartFailure(error)
        }
    }

    private static let auditLogger = Logger(label: "audit")

    /// Notes every change of a key, also one that was refused, and not the reads: each chat is one.
    private static func audit(_ event: AuditEvent) {
        guard event.action != .read else { return }
        var metadata: Logger.Metadata = ["action": "\(event.action.rawValue)"]
        metadata["account"] = event.tenant.map { "\($0)" }
        metadata["provider"] = event.id.map { "\($0.provider)" }
        metadata["label"] = event.id.map { "\($0.label)" }
        metadata["failure"] = event.failure.map { "\($0.rawValue)" }
        auditLogger.info(event.failure == nil ? "done" : "not done", metadata: metadata)
    }

    /// It is allowed, and nobody would notice: keys may then be written to swap.
    private func warnOfUnlockedMemory(_ vault: Vault) async {
        let unlocked = await vault.health().unlockedBytes
        guard unlocked > 0 else { return }
        logger.warning(
            "memory for keys cannot be locked, and may be written to swap; raise 'ulimit -l', or LimitMEMLOCK= of the unit",
            metadata: ["bytes": "\(unlocked)"])
    }

    private func configuration(_ registry: ProviderRegistry) throws -> ServiceConfiguration {
        var configuration = ServiceConfiguration(
            brand: settings.brand, responseObject: settings.responseObject, writesPerMinute: settings.writesPerMinute)
        configuration.providers = registry
        configuration.poolPolicy = settings.poolPolicy
        for (name, base) in settings.upstreams { configuration.upstreams.set(base.url, for: name) }
        if let path = settings.poolKeyFile ?? ServiceCredential.path(named: "pool-key") {
            do {
                let pool = KeyResolver.Pool(try Secret(contentsOfFile: path))
                try check(pool, from: path, registry)
                configuration.pool = pool
            } catch {
                throw StartFailure("The pool's key cannot be used. \(error)", exitCode: 1)
            }
        }
        return configuration
    }

    /// Refuses a key that no header can carry, or that is nobody's but ours, and warns of a shape that is not known: otherwise nobody
    /// would notice before the pool is first needed.
    private func check(
        _ pool: KeyResolver.Pool, from path: String, _ registry: ProviderRegistry
    ) throws(StartFailure) {
        let isOneWord = pool.secret.withSpan { key in
            key.indices.allSatisfy { CharacterClass.isPrintable(key[$0]) }
        }
        guard isOneWord else {
            throw StartFailure("What stands in \(path) is not one word of printable ASCII. Put the key there, alone.")
        }
        guard let provider = registry[pool.upstream] else { return }
        switch pool.secret.withSpan({ registry.match($0, of: provider) }) {
        case .matches: break
        case .refused(.ownToken):
            throw StartFailure("What stands in \(path) is a token of this service, not a provider's key.")
        default: logger.warning("the pool's key has no shape that \(provider.displayName) is known to issue")
        }
    }
}

extension Server {
    /// Returns how many connections there may be: as many as the settings say, or as there are descriptors for.
    private func raiseDescriptorLimit() -> Int {
        let wanted = settings.limits.connections
        guard let limit = DescriptorLimit.raise() else { return wanted }
        let connections = min(wanted, DescriptorLimit.connections(within: limit))
        if connections < wanted {
            logger.warning(
                "too few descriptors for maximumConnections, which is lowered; raise 'ulimit -n', or LimitNOFILE= of the unit",
                metadata: [
                    "connections": "\(connections)", "limit": "\(limit)",
                    "needed": "\(DescriptorLimit.needed(for: wanted))",
                ])
        }
        return connections
    }

    private func server(_ service: KeyVaultService, _ tls: TLSContext?, _ connections: Int) -> some Service {
        let limits = settings.limits
        let router = Router(context: ServiceContext.self)
        router.add(middleware: APIErrors())
        service.addRoutes(to: router)
        service.addPage(to: router)
        let http = HTTP1Channel.Configuration(
            additionalChannelHandlers: [ConnectionGuard(limits), ContinueHandler(service.longestBody)],
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: limits.headerBytes, maxHeaderListSize: limits.headerBytes, maxHeaderFieldCount: 100)
        )
        let builder = HTTPServerBuilder { responder in
            let base = HTTP1Channel(responder: responder, configuration: http)
            return tls.map { ReloadableTLSChannel(base: base, tls: $0) } ?? base
        }
        let (listen, scheme) = (settings.listen, tls == nil ? "http" : "https")
        return Application(
            router: router, server: builder,
            configuration: ApplicationConfiguration(
                address: listen.bindAddress,
                availableConnectionsDelegate: BoundedConnections(connections, at: "--listen", logger: logger)),
            onServerRunning: { channel in
                Self.announce("\(scheme)://\(listen.description(port: channel.localAddress?.port ?? listen.port))")
            },
            logger: logger)
    }

    private func metricsServer(
        _ metrics: PrometheusMetrics, _ vault: Vault, at address: ListenAddress
    ) -> some Service {
        let gauges = VaultGauges()
        let router = Router(context: ServiceContext.self)
        let show = { @Sendable () async -> Response in
            await gauges.measure(vault)
            return Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: metrics.text())))
        }
        router.get("metrics") { _, _ in await show() }
        router.head("metrics") { _, _ in await show().createHeadResponse() }
        return Application(
            router: router,
            server: .http1(configuration: .init(additionalChannelHandlers: [ConnectionGuard(settings.limits)])),
            configuration: ApplicationConfiguration(
                address: address.bindAddress,
                availableConnectionsDelegate: BoundedConnections(
                    Self.metricsConnections, at: "--metrics-listen", logger: logger)),
            onServerRunning: { channel in
                let place = address.description(port: channel.localAddress?.port ?? address.port)
                Self.announce("metrics on http://\(place)/metrics")
            },
            logger: logger)
    }

    /// Whoever started the server with port 0 learns the port from this line.
    private static func announce(_ text: String) { StandardError.write("keyvault-server: \(text)") }
}

/// Closes the vault when everything that uses it has ended.
private struct VaultService: Service {
    let vault: Vault

    func run() async throws {
        try? await gracefulShutdown()
        await vault.close()
    }
}
