import Configuration
import Foundation
import KeyVault
import KeyVaultHTTP
import KeyVaultProviders
import Logging
import NIOCore

/// What the server was told: by its command line, else by the environment, else by its configuration file.
struct ServerSettings: Sendable {
    var store: String
    var masterKeyFiles: [String]
    var listen: ListenAddress
    var metricsListen: ListenAddress?
    var poolKeyFile: String?
    var upstreams: [String: ProviderBase]
    /// A JSON document with more providers.
    var providers: String?
    var validation: CheckPolicy
    var tls: TLSFiles?
    var logLevel: Logger.Level
    /// Default: `Stratus`.
    var brand: String
    /// Default: `stratus`.
    var responseObject: String
    var writesPerMinute: Int
    var poolPolicy: PoolPolicy
    /// For how long a key that was read is kept in memory, sealed.
    var cacheLifetime: Duration
    var limits: ConnectionLimits

    static func load(_ command: ServerCommand) throws -> ServerSettings {
        // A variable that is empty is one that is not set: how else would a unit file or a container take one back?
        let environment = EnvironmentVariablesProvider(
            environmentVariables: ProcessInfo.processInfo.environment.filter { !$0.value.isEmpty })
        var providers: [any ConfigProvider] = [
            InMemoryProvider(name: "command line", values: command.values), environment.prefixKeys(with: "keyvault"),
        ]
        let path = command.config ?? (try? environment.environmentValue(forName: "KEYVAULT_CONFIG"))
        if let path { providers.append(try KnownSettings.read(path)) }
        return try ServerSettings(ConfigReader(providers: providers))
    }

    private init(_ config: ConfigReader) throws {
        store = config.string(forKey: "store", default: "sqlite:keyvault.db")
        masterKeyFiles = Self.list(config, "masterKeyFile")
        listen = try ListenAddress(config.string(forKey: "listen", default: "127.0.0.1:8080"))
        metricsListen = try config.string(forKey: "metricsListen").map(ListenAddress.init)
        poolKeyFile = config.string(forKey: "poolKeyFile")
        upstreams = try Self.upstreams(Self.list(config, "upstream"))
        providers = config.string(forKey: "providers")
        validation = try Self.oneOf(config, "validation", .lenient)
        poolPolicy = try Self.oneOf(config, "poolPolicy", .allow)
        tls = try TLSFiles(
            certificate: config.string(forKey: "tlsCertificate"), key: config.string(forKey: "tlsKey"))
        let level = config.string(forKey: "logLevel", default: "info")
        guard let level = Logger.Level(rawValue: level) else {
            throw StartFailure("No such log level: \(level). Write trace, debug, info, warning or error.")
        }
        logLevel = level
        brand = try Self.name(config, "brand", "Stratus")
        responseObject = try Self.name(config, "responseObject", "stratus", taken: Self.chatMembers)
        writesPerMinute = try Self.count(config, "writesPerMinute", 60, in: 0...1_000_000)
        cacheLifetime = .seconds(try Self.count(config, "cacheTTL", 300, in: 0...86_400))
        limits = ConnectionLimits()
        limits.header = .seconds(Int64(try Self.count(config, "headerTimeout", 15, in: 1...3600)))
        limits.body = .seconds(Int64(try Self.count(config, "bodyTimeout", 60, in: 1...3600)))
        limits.connections = try Self.count(config, "maximumConnections", limits.connections, in: 1...1_000_000)
    }

    /// A file may name one as it stands.
    private static func list(_ config: ConfigReader, _ name: String) -> [String] {
        let key = ConfigKey(name)
        let list = config.stringArray(forKey: key) ?? config.string(forKey: key).map { [$0] } ?? []
        // A comma at the end of a variable names none.
        return list.filter { !$0.isEmpty }
    }

    /// What a chat completion or a part of its stream has already, or a refusal in its place.
    private static let chatMembers: Set = [
        "choices", "created", "error", "id", "model", "object", "service_tier", "system_fingerprint", "usage",
    ]

    private static func name(
        _ config: ConfigReader, _ name: String, _ fallback: String, taken: Set<String> = []
    ) throws -> String {
        let text = config.string(forKey: ConfigKey(name), default: fallback)
        guard !text.isEmpty else { throw StartFailure("\(name) is empty. Write a name, or leave it out.") }
        guard !taken.contains(text) else {
            throw StartFailure("\(name) cannot be '\(text)', which chats have already. Write another name.")
        }
        return text
    }

    private static func oneOf<Value: RawRepresentable<String> & CaseIterable>(
        _ config: ConfigReader, _ name: String, _ fallback: Value
    ) throws -> Value {
        guard let text = config.string(forKey: ConfigKey(name)) else { return fallback }
        guard let value = Value(rawValue: text) else {
            let known = Value.allCases.map(\.rawValue).joined(separator: ", ")
            throw StartFailure("\(name) cannot be '\(text)'. Write one of \(known).")
        }
        return value
    }

    private static func count(
        _ config: ConfigReader, _ name: String, _ fallback: Int, in range: ClosedRange<Int>
    ) throws -> Int {
        // The environment has text, the file a number.
        let text = config.string(forKey: ConfigKey(name))
        let value = text.map { Int($0) } ?? config.int(forKey: ConfigKey(name), default: fallback)
        guard let value, range.contains(value) else {
            throw StartFailure("\(name) must be a number from \(range.lowerBound) to \(range.upperBound).")
        }
        return value
    }

    private static func upstreams(_ pairs: [String]) throws -> [String: ProviderBase] {
        var upstreams: [String: ProviderBase] = [:]
        for (index, pair) in pairs.enumerated() {
            let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, let base = try? ProviderBase(parts[1]) else {
                // What it says is not repeated: a URL may have a password in it.
                throw StartFailure(
                    "Upstream \(index + 1) is not of the form PROVIDER=URL, such as openai=http://127.0.0.1:9000: a URL "
                        + "without user, query and fragment, and with https except to this machine. Each provider has an option, "
                        + "or an element of the file's list, of its own.")
            }
            guard upstreams.updateValue(base, forKey: parts[0]) == nil else {
                throw StartFailure(
                    "Upstream \(index + 1) is the second one of \(parts[0]). Name one: keys are sent there.")
            }
        }
        return upstreams
    }
}

extension ServerCommand {
    /// What the command line says, as a source of configuration like any other.
    fileprivate var values: [AbsoluteConfigKey: ConfigValue] {
        let texts: [String: String?] = [
            "store": store, "listen": listen, "metricsListen": metricsListen,
            "poolKeyFile": poolKeyFile, "validation": validation, "tlsCertificate": tlsCertificate, "tlsKey": tlsKey,
            "logLevel": logLevel,
        ]
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        for (name, text) in texts {
            if let text { values[AbsoluteConfigKey([name])] = ConfigValue(.string(text), isSecret: false) }
        }
        for (name, list) in ["upstream": upstreams, "masterKeyFile": masterKeyFile] where !list.isEmpty {
            values[AbsoluteConfigKey([name])] = ConfigValue(.stringArray(list), isSecret: false)
        }
        return values
    }
}
