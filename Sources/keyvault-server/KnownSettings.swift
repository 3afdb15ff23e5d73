import Configuration
import Foundation

/// The names of all settings, and the file that may name them: what nobody would read is refused there, a name that is misspelt, a
/// number where a text belongs.
///
/// The reader of the configuration would pass both by, and the server would start with a default that was not meant.
enum KnownSettings {
    fileprivate enum Kind: String {
        case text = "a text"
        case number = "a whole number"
        case texts = "a text, or a list of texts"
    }

    private static let kinds: [String: Kind] = [
        "store": .text, "masterKeyFile": .texts, "listen": .text, "metricsListen": .text, "poolKeyFile": .text,
        "upstream": .texts, "providers": .text, "validation": .text, "poolPolicy": .text, "tlsCertificate": .text,
        "tlsKey": .text, "logLevel": .text, "brand": .text, "responseObject": .text, "writesPerMinute": .number,
        "cacheTTL": .number, "headerTimeout": .number, "bodyTimeout": .number, "maximumConnections": .number,
    ]

    /// The configuration file at `path`; refuses one with something in it that is not known.
    static func read(_ path: String) throws(StartFailure) -> InMemoryProvider {
        let values: [String: FileValue]
        do {
            values = try JSONDecoder().decode([String: FileValue].self, from: Data(contentsOf: URL(filePath: path)))
        } catch {
            throw StartFailure("The configuration file \(path) cannot be read: it is missing, or no JSON object.")
        }
        var settings: [AbsoluteConfigKey: ConfigValue] = [:]
        for (name, value) in values.sorted(by: { $0.key < $1.key }) {
            guard let kind = kinds[name] else {
                throw StartFailure(
                    "The configuration file \(path) names '\(name)', which is not known. Known are: "
                        + "\(kinds.keys.sorted().joined(separator: ", ")).")
            }
            guard let content = value.content, value.kind == kind || value.kind == .text && kind == .texts else {
                throw StartFailure("In the configuration file \(path), \(name) must be \(kind.rawValue).")
            }
            settings[AbsoluteConfigKey([name])] = ConfigValue(content, isSecret: false)
        }
        return InMemoryProvider(name: path, values: settings)
    }

    /// Variables that are named as a setting is, and are none. They need not be mistakes: Kubernetes makes some of its own for a
    /// service of the name `keyvault`.
    static func unknownVariables(in environment: [String: String]) -> [String] {
        let known = Set((kinds.keys + ["config"]).map(variable))
        return environment.keys.filter { $0.hasPrefix("KEYVAULT_") && !known.contains($0) }.sorted()
    }

    /// `KEYVAULT_CACHE_TTL` for `cacheTTL`.
    private static func variable(_ name: String) -> String {
        "KEYVAULT_" + name.replacing(/(\p{Ll})(\p{Lu})/) { "\($0.1)_\($0.2)" }.uppercased()
    }
}

/// What a configuration file has under a name.
private struct FileValue: Decodable {
    /// `nil` for what no setting is.
    let content: ConfigContent?

    var kind: KnownSettings.Kind? {
        switch content {
        case .string: .text
        case .int: .number
        case .stringArray: .texts
        default: nil
        }
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            content = .string(text)
        } else if let number = try? container.decode(Int.self) {
            content = .int(number)
        } else {
            content = (try? container.decode([String].self)).map { .stringArray($0) }
        }
    }
}
