/// The providers whose rules are known, and which of them serves a model.
///
/// A value: change your copy, then hand it to the vault. Where two entries speak of one name the later one holds.
///
/// ```swift
/// var registry = ProviderRegistry.builtIn
/// registry.add(Provider(name: "acme", displayName: "Acme", formats: [KeyFormat(prefix: "acme_", length: 40...40)]))
/// ```
public struct ProviderRegistry: Sendable {
    /// In the order in which they were added.
    public private(set) var providers: [Provider] = []
    /// Tried from the last to the first, so that what is added overrides what was there.
    public private(set) var models: [ModelRoute] = []

    private var positions: [String: Int] = [:]
    /// Every prefix that tells whose a key is, the longest first.
    private(set) var prefixes: [OwnedPrefix] = []

    /// The providers that this release knows.
    public static let builtIn = ProviderRegistry(providers: Provider.builtIn, models: ModelRoute.builtIn)

    public init(providers: [Provider] = [], models: [ModelRoute] = []) {
        for provider in providers { insert(provider) }
        self.models = models
        indexPrefixes()
    }

    /// The names of all, sorted: what a message lists when one is unknown.
    public var names: [String] { providers.map(\.name).sorted() }

    public subscript(name: String) -> Provider? { positions[name].map { providers[$0] } }

    /// Adds a provider, or replaces the one of its name.
    public mutating func add(_ provider: Provider) {
        insert(provider)
        indexPrefixes()
    }

    /// Adds a rule that comes before those that are there.
    public mutating func add(_ route: ModelRoute) { models.append(route) }

    private mutating func insert(_ provider: Provider) {
        if let position = positions[provider.name] {
            providers[position] = provider
        } else {
            positions[provider.name] = providers.count
            providers.append(provider)
        }
    }

    struct OwnedPrefix {
        let text: String
        let owner: String
        let isAdministrative: Bool
    }

    private mutating func indexPrefixes() {
        prefixes = providers.flatMap { provider in
            let own = Set(provider.requiredPrefixes + provider.formats.map(\.prefix)).subtracting([""])
            return own.map { OwnedPrefix(text: $0, owner: provider.name, isAdministrative: false) }
                + Set(provider.administrativePrefixes).subtracting([""]).map {
                    OwnedPrefix(text: $0, owner: provider.name, isAdministrative: true)
                }
        }
        prefixes.sort { ($1.text.utf8.count, $0.owner) < ($0.text.utf8.count, $1.owner) }
    }
}
